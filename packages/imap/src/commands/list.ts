/** LIST and LSUB, RFC 9051 §6.3.9; LIST-EXTENDED, RFC 5258; LIST-STATUS, RFC 5819; SPECIAL-USE, RFC 6154. */
import { checkOptions, UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import { isNotUnderstood, isOfOneMailbox, requireCapability } from '../command-error.js';
import type { CommandRunner } from '../command-runner.js';
import { extensionData } from '../extension-data.js';
import { parseRights } from '../grammar/account-data.js';
import { type Argument, listPattern, list as parenthesised, syntax } from '../grammar/encoder.js';
import type { ListData, StatusData } from '../grammar/mailbox-data.js';
import { listRules } from '../options.js';
import { myRights } from './acl.js';
import {
  requireStatusItems,
  type StatusItem,
  type StatusResult,
  sameName,
  status,
  statusItems,
  tellMissing,
  toStatus,
} from './status.js';

export interface ListOptions {
  /** `*` stands for anything, `%` for anything within one level; or several of them. Default `'*'`: all mailboxes. */
  pattern?: string | readonly string[];
  /** What the pattern is relative to. Default `''`. */
  reference?: string;
  /** Only names that the user has subscribed to. */
  subscribed?: boolean;
  /** Only mailboxes with a special use. */
  specialUse?: boolean;
  /** Mailboxes on other servers too. */
  remote?: boolean;
  /** With `subscribed`: names also of what has a subscribed mailbox below it; then `childInfo` says so. */
  recursiveMatch?: boolean;
  /** Whether each has mailboxes below it: `\HasChildren` or `\HasNoChildren` among the attributes. */
  children?: boolean;
  /** What the user may do with each (LIST-MYRIGHTS, RFC 8440; else by a command a mailbox). */
  myRights?: boolean;
  /** STATUS of each mailbox: with LIST-STATUS in the same round trip, else by a command a mailbox. */
  status?: readonly StatusItem[];
}

/** One mailbox. The entry itself can be given wherever a mailbox is named; then its `raw` name goes out. */
export interface ListEntry {
  /** As text. */
  readonly name: string;
  /** The name's octets as the server writes them, each a character. */
  readonly raw: string;
  /** What separates levels in names; `null` where there are none. */
  readonly delimiter: string | null;
  /** As sent: `\HasChildren`, `\Noselect`, `\Sent`, … */
  readonly attributes: readonly string[];
  /** False for names that only hold others (`\Noselect`, `\NonExistent`). */
  readonly selectable: boolean;
  /** `\Sent`, `\Drafts`, `\Trash`, `\Junk`, `\Archive`, `\Flagged`, `\All` or `\Important`, where the server tells. */
  readonly specialUse?: string;
  /** Whether the user has subscribed to it; there when `subscribed` was asked for or the server tells. */
  readonly subscribed?: boolean;
  /** Why a name is here that does not match itself: what is below it does, `['SUBSCRIBED']`. */
  readonly childInfo?: readonly string[];
  /** The name by which the server knew it before. */
  readonly oldName?: string;
  /** The rights of this user, where `myRights` asked for them: `'lrswipkxte'` (RFC 4314 §2.1). */
  readonly myRights?: string;
  /** What `status` asked for; absent where the mailbox cannot be asked, or the server refused: then a notice says so. */
  readonly status?: Partial<StatusResult>;
}

/** What would be found wrong when the loop begins. @throws UsageError `ERR_ARGUMENT` */
export function checkList(options: ListOptions & CallOptions = {}): void {
  checkOptions(options, listRules);
  const { pattern = '*', reference = '', status: items } = options;
  listPattern(reference);
  for (const one of [pattern].flat()) listPattern(one);
  if (pattern.length === 0 && typeof pattern !== 'string')
    throw new UsageError('ERR_ARGUMENT', 'pattern is an empty list', { argument: 'pattern' });
  if (items !== undefined) statusItems(items);
}

/** What goes out. */
interface ListPlan {
  verb: 'LIST' | 'LSUB';
  select: readonly string[];
  returns: readonly Argument[];
}

/** In the server's order, as they come. */
export async function* list(
  runner: CommandRunner,
  given: ListOptions & { returnSpecialUse?: boolean },
  options: CallOptions,
): AsyncGenerator<ListEntry, void, undefined> {
  const { capabilities } = runner.session;
  const has = (name: string): boolean => capabilities.has(name);
  const { pattern = '*', reference = '', subscribed = false, status: items } = given;
  const extended = has('LIST-EXTENDED') && !runner.session.extendedListIsBroken;
  if (given.remote === true || given.recursiveMatch === true)
    requireCapability(runner, ['LIST-EXTENDED'], 'list with remote or recursiveMatch');
  if (given.specialUse === true)
    requireCapability(runner, ['SPECIAL-USE', 'IMAP4REV2'], 'list with specialUse');
  if (given.myRights === true) requireCapability(runner, ['ACL'], 'list with myRights');
  if (items !== undefined) requireStatusItems(runner, items);
  const withStatus = items !== undefined && extended && has('LIST-STATUS');
  const withRights = given.myRights === true && extended && has('LIST-MYRIGHTS');
  const selectsUse = given.specialUse === true && extended && has('SPECIAL-USE');
  // Extended forms only where something needs them: some servers advertise and break them (Strato, Proton Bridge).
  const returns: Argument[] = [];
  if (withStatus && items !== undefined) returns.push(syntax('STATUS'), statusItems(items));
  if (withRights) returns.push(syntax('MYRIGHTS'));
  if (given.children === true && extended) returns.push(syntax('CHILDREN'));
  const needsUse = returns.length > 0 || given.returnSpecialUse === true;
  if (needsUse && extended && has('SPECIAL-USE')) returns.unshift(syntax('SPECIAL-USE'));
  const plan: ListPlan = {
    verb: subscribed && !extended ? 'LSUB' : 'LIST',
    select: [
      ...(subscribed && extended ? ['SUBSCRIBED'] : []),
      ...(selectsUse ? ['SPECIAL-USE'] : []),
      ...(given.remote === true ? ['REMOTE'] : []),
      ...(given.recursiveMatch === true ? ['RECURSIVEMATCH'] : []),
    ],
    returns,
  };
  const patterns = [pattern].flat();
  const told: Told = { statuses: new Map(), rights: new Map() };
  // These two have no plain form: they are not given up silently.
  const canBePlain = given.remote !== true && given.recursiveMatch !== true;
  const isExtended = returns.length > 0 || selectsUse;
  const found = await ask(runner, plan, reference, patterns, told, options).catch((error) => {
    if (!isExtended || !canBePlain || !isNotUnderstood(error)) throw error;
    return undefined;
  });
  if (found === undefined) {
    // Proton's Bridge says BAD to LIST (SPECIAL-USE) (MailKit#674), Zoho to RETURN.
    runner.session.doubtExtendedList();
    yield* list(runner, given, options);
    return;
  }
  // Strato leaves INBOX out when it is asked for RETURN (MailKit#1957): what is missing is asked for in the plain form.
  const isWhole = patterns.includes('*') && reference === '' && plan.select.length === 0;
  if (isWhole && returns.length > 0 && !found.some(({ name }) => name === 'INBOX')) {
    const plain = await ask(runner, { ...plan, returns: [] }, reference, patterns, told, options);
    const known = new Set(found.map(({ raw }) => raw));
    found.push(...plain.filter(({ raw }) => !known.has(raw)));
  }
  tellOthers(runner, told, found);
  for (const data of found) {
    const entry = toEntry(data, subscribed);
    if (given.specialUse === true && entry.specialUse === undefined) continue;
    const more: { status?: Partial<StatusResult>; myRights?: string } = {};
    if (items !== undefined && entry.selectable) {
      const known = told.statuses.get(sameName(data.raw));
      if (known !== undefined) more.status = toStatus(known);
      if (withStatus) tellMissing(runner, data.raw, items, more.status, known?.unread);
      else if (known === undefined) {
        const asked = await unlessRefused(runner, status(runner, entry, items, options));
        if (asked !== undefined) more.status = asked;
      }
    }
    if (given.myRights === true && entry.selectable) {
      const rights =
        told.rights.get(data.name) ??
        (await unlessRefused(runner, myRights(runner, entry, options)));
      if (rights !== undefined) more.myRights = rights;
    }
    yield { ...entry, ...more };
  }
}

/** What is said of mailboxes that are not in the list. NOTIFY's news are no part of the answer. */
function tellOthers(
  { session }: CommandRunner,
  { statuses, rights }: Told,
  found: readonly ListData[],
): void {
  const raws = new Set(found.map(({ raw }) => sameName(raw)));
  const names = new Set(found.map(({ name }) => name));
  const tell = (text: string): void => {
    session.apply({ type: 'malformed', problem: 'of a mailbox that is not in the list', text });
  };
  for (const [raw, { name }] of statuses) {
    if (!raws.has(raw) && !session.notifies) tell(`STATUS ${name}`);
  }
  for (const name of rights.keys()) if (!names.has(name)) tell(`MYRIGHTS ${name}`);
}

/** A refusal costs one mailbox its answer, and no other mailbox anything. */
async function unlessRefused<T>(runner: CommandRunner, asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    // A server that has no time now has not refused this mailbox.
    if (!isOfOneMailbox(error) || !runner.connection.isOpen) throw error;
    runner.session.notices.push({ kind: 'refused', text: (error as Error).message });
    return undefined;
  }
}

/** What came beside the names. */
interface Told {
  statuses: Map<string, StatusData>;
  rights: Map<string, string>;
}

/** One LIST for all patterns with LIST-EXTENDED, else one for each. */
async function ask(
  runner: CommandRunner,
  { verb, select, returns }: ListPlan,
  reference: string,
  patterns: readonly string[],
  told: Told,
  options: CallOptions,
): Promise<ListData[]> {
  const { mailboxes } = runner.limits;
  const { capabilities, extendedListIsBroken } = runner.session;
  const extended = verb === 'LIST' && capabilities.has('LIST-EXTENDED') && !extendedListIsBroken;
  const found: ListData[] = [];
  const groups =
    patterns.length > 1 && extended
      ? [parenthesised(patterns.map(listPattern))]
      : patterns.map(listPattern);
  for (const group of groups) {
    await runner.run(
      {
        verb,
        args: [
          ...(select.length > 0 ? [syntax(`(${select.join(' ')})`)] : []),
          listPattern(reference),
          group,
          ...(returns.length > 0 ? [syntax('RETURN'), parenthesised(returns)] : []),
        ],
        wire: { as: 'list' },
        // A line that cannot be read costs its mailbox, and no other; but no line at all is not read from it.
        answeredBy: [],
        claim: (response, frame) => {
          if (response.type === 'list' || response.type === 'lsub') {
            if (found.push(response.data) > mailboxes)
              throw runner.connection.exceeded('mailboxes', mailboxes);
          } else if (response.type === 'status-data' && returns.length > 0)
            told.statuses.set(sameName(response.data.raw), response.data);
          else {
            const rights = extensionData(runner, response, frame, 'MYRIGHTS', parseRights);
            if (rights === undefined) return false;
            told.rights.set(rights.name, rights.words[0] ?? '');
          }
          return true;
        },
      },
      options,
    );
  }
  return groups.length > 1 ? withoutDoubles(found) : found;
}

const withoutDoubles = (found: readonly ListData[]): ListData[] => [
  ...new Map(found.map((data) => [data.raw, data])).values(),
];

function toEntry(
  { name, raw, delimiter, attributes, childInfo, oldName }: ListData,
  subscribed: boolean,
): ListEntry {
  // Some servers write them without the backslash, or with commas between them.
  const lower = attributes.map((word) => `\\${word.toLowerCase().replace(/^\\|,$/g, '')}`);
  const special = specialUses.find((use) => lower.includes(use.toLowerCase()));
  const isSubscribed = subscribed || lower.includes('\\subscribed');
  return {
    name,
    raw,
    delimiter,
    attributes,
    selectable: !lower.includes('\\noselect') && !lower.includes('\\nonexistent'),
    ...(special === undefined ? {} : { specialUse: special }),
    ...(isSubscribed ? { subscribed: true } : {}),
    ...(childInfo === undefined ? {} : { childInfo }),
    ...(oldName === undefined ? {} : { oldName }),
  };
}

const specialUses = [
  '\\Sent',
  '\\Drafts',
  '\\Trash',
  '\\Junk',
  '\\Archive',
  '\\Flagged',
  '\\All',
  '\\Important',
];
