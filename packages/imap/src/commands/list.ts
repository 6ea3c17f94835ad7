/** LIST and LSUB, RFC 9051 §6.3.9; LIST-EXTENDED, RFC 5258; LIST-STATUS, RFC 5819; SPECIAL-USE, RFC 6154. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, listPattern, list as parenthesised, syntax } from '../grammar/encoder.js';
import type { ListData, StatusData } from '../grammar/mailbox-data.js';
import { type StatusItem, type StatusResult, status, statusItems, toStatus } from './status.js';

export interface ListOptions {
  /** `*` stands for anything, `%` for anything within one level. Default `'*'`: all mailboxes. */
  pattern?: string;
  /** What the pattern is relative to. Default `''`. */
  reference?: string;
  /** Only names that the user has subscribed to. */
  subscribed?: boolean;
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
  /** What `status` asked for; absent where the mailbox cannot be asked. */
  readonly status?: Partial<StatusResult>;
}

/** What would be found wrong when the loop begins. @throws UsageError `ERR_ARGUMENT` */
export function checkList({ pattern = '*', reference = '', status: items }: ListOptions): void {
  listPattern(reference);
  listPattern(pattern);
  if (items !== undefined) statusItems(items);
}

/** In the server's order, as they come. */
export async function* list(
  runner: CommandRunner,
  { pattern = '*', reference = '', subscribed = false, status: items }: ListOptions,
  options: CallOptions,
): AsyncGenerator<ListEntry, void, undefined> {
  const { capabilities } = runner.session;
  const { mailboxes } = runner.limits;
  const extended = capabilities.has('LIST-EXTENDED') || capabilities.has('IMAP4REV2');
  const wanted = items === undefined ? undefined : statusItems(items);
  const withStatus =
    wanted !== undefined &&
    extended &&
    (capabilities.has('LIST-STATUS') || capabilities.has('IMAP4REV2'));
  const args: Argument[] = [listPattern(reference), listPattern(pattern)];
  // Extended forms only where something needs them: some servers advertise and break them (Strato, Proton Bridge).
  if (subscribed && extended) args.unshift(syntax('(SUBSCRIBED)'));
  if (withStatus && wanted !== undefined) {
    const specialUse = capabilities.has('SPECIAL-USE') ? [syntax('SPECIAL-USE')] : [];
    args.push(syntax('RETURN'), parenthesised([...specialUse, syntax('STATUS'), wanted]));
  }
  const found: ListData[] = [];
  const told = new Map<string, StatusData>();
  await runner.run(
    {
      verb: subscribed && !extended ? 'LSUB' : 'LIST',
      args,
      wire: { as: 'list' },
      claim: (response) => {
        if (response.type === 'list' || response.type === 'lsub') {
          if (found.push(response.data) > mailboxes)
            throw runner.connection.exceeded('mailboxes', mailboxes);
        } else if (response.type === 'status-data' && withStatus)
          told.set(response.data.raw, response.data);
        else return false;
        return true;
      },
    },
    options,
  );
  for (const data of found) {
    const entry = toEntry(data, subscribed);
    const known = told.get(data.raw);
    if (items === undefined || !entry.selectable) yield entry;
    else if (known !== undefined) yield { ...entry, status: toStatus(known) };
    else if (withStatus) yield entry;
    else yield { ...entry, status: await status(runner, entry, items, options) };
  }
}

function toEntry({ name, raw, delimiter, attributes }: ListData, subscribed: boolean): ListEntry {
  const lower = attributes.map((attribute) => attribute.toLowerCase());
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
