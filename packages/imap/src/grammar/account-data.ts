/** QUOTA (RFC 9208 §5), ACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3.6), METADATA (RFC 5464 §4.4). */
import { decodeText } from '@fivewire/line-protocol';
import { close, type Lexer, open } from './lexer.js';
import { decodeMailboxName } from './mailbox-name.js';

/** How much of a resource is used, and how much there is. */
export interface QuotaUsage {
  readonly usage: number;
  readonly limit: number;
}

/** A quota root and its resources. */
export interface Quota {
  /** The root's name; `''` is a name too. */
  readonly root: string;
  /** By the resource in upper case: STORAGE (in units of 1,024 octets), MESSAGE, MAILBOX, … */
  readonly resources: Readonly<Record<string, QuotaUsage>>;
}

/** quota-response = "QUOTA" SP quota-root-name SP quota-list */
export function parseQuota(lexer: Lexer): Quota {
  const root = quotaRoot(lexer);
  const resources: Record<string, QuotaUsage> = Object.create(null);
  lexer.spaces();
  let tried = 0;
  const one = (): void => {
    tried++;
    lexer.attempt('quota-resource', () => {
      if (lexer.peek() === open) {
        lexer.list('quota-resource', one);
        return;
      }
      const name = lexer.astring('resource-name').toUpperCase();
      const [usage, limit] = [amount(lexer), amount(lexer)];
      if (usage !== undefined && limit !== undefined) resources[name] = { usage, limit };
      else lexer.note(`quota-resource: the numbers of ${name} cannot be read`);
    });
  };
  if (lexer.peek() === open || lexer.atEnd) lexer.list('quota-list', one);
  else {
    lexer.note('QUOTA: no parentheses around its list');
    for (; !lexer.atEnd; lexer.spaces()) one();
  }
  // None that can be read is not none.
  if (tried > 0 && Object.keys(resources).length === 0) throw lexer.fail('a quota-resource');
  return { root, resources };
}

/** A name without quotes may have spaces in it; and some servers have no name for the only root, or NIL. */
function quotaRoot(lexer: Lexer): string {
  if (lexer.peek() === open) {
    lexer.note('QUOTA: no root');
    return '';
  }
  if (lexer.nil()) return '';
  const bare = /^[^" (][^"(]*(?= \()/.exec(lexer.text.slice(lexer.pos))?.[0];
  if (bare === undefined || lexer.literal() !== undefined)
    return decodeText(lexer.astring('quota-root-name'));
  lexer.pos += bare.length;
  return decodeText(bare.trimEnd());
}

/** A number; what stands in its place is stepped over, unless it is the name of the next resource. */
function amount(lexer: Lexer): number | undefined {
  lexer.spaces();
  if (
    lexer.peek() === close ||
    /^(?!nil[ )])[a-z]/i.test(lexer.text.slice(lexer.pos, lexer.pos + 4))
  )
    return undefined;
  const { pos } = lexer;
  lexer.skipValue('number');
  const text = lexer.text.slice(pos, lexer.pos).replace(/^"(.*)"$/, '$1');
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

export interface RightsData {
  /** The mailbox, as text. */
  readonly name: string;
  /** Its octets, each a character. */
  readonly raw: string;
  /** The words behind the mailbox, decoded; `undefined` for one that cannot be read. */
  readonly words: readonly (string | undefined)[];
}

/**
 * acl-data, listrights-data and myrights-data: a mailbox and words.
 * @param asked the mailbox's octets: without quotes it may have spaces in it
 */
export function parseRights(lexer: Lexer, asked?: string): RightsData {
  const raw = mailboxOf(lexer, asked);
  const words: (string | undefined)[] = [];
  for (lexer.spaces(); !lexer.atEnd; lexer.spaces())
    words.push(lexer.attempt('rights', () => decodeText(lexer.astring('rights'))));
  return { name: decodeMailboxName(raw), raw, words };
}

/** A name that runs over a space is only known by the one that was asked for. */
function mailboxOf(lexer: Lexer, asked = ''): string {
  const { pos, text } = lexer;
  if (
    !asked.includes(' ') ||
    !`${text.slice(pos, pos + asked.length + 1)} `.startsWith(`${asked} `)
  )
    return lexer.astring('mailbox');
  lexer.note('mailbox: a space in it, and no quotes around it');
  lexer.pos += asked.length;
  return asked;
}

export interface QuotaRoots {
  /** The mailbox's octets, each a character. */
  readonly raw: string;
  readonly roots: readonly string[];
}

/** quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name) */
export function parseQuotaRoots(lexer: Lexer, asked?: string): QuotaRoots {
  const raw = mailboxOf(lexer, asked);
  const roots: string[] = [];
  const one = (): void => {
    if (lexer.nil()) return;
    if (lexer.peek() === open) lexer.list('quota-root-name', one);
    else roots.push(decodeText(lexer.astring('quota-root-name')));
  };
  for (lexer.spaces(); !lexer.atEnd; lexer.spaces()) one();
  return { raw, roots };
}

export interface MetadataData {
  /** The mailbox's octets, each a character; `''` is the server. */
  readonly raw: string;
  /** Values by entry, octets as text; `null` for none. `undefined` for a response that only says what changed. */
  readonly entries: Readonly<Record<string, Buffer | null>> | undefined;
}

/** metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list) */
export function parseMetadata(lexer: Lexer, asked?: string): MetadataData {
  const raw = mailboxOf(lexer, asked);
  lexer.spaces();
  if (lexer.peek() !== open) return { raw, entries: undefined };
  const entries: Record<string, Buffer | null> = Object.create(null);
  let tried = 0;
  lexer.list('entry-values', () => {
    tried++;
    const entry = lexer.attempt('entry-name', () => lexer.astring('entry-name').toLowerCase());
    lexer.spaces();
    if (entry !== undefined) lexer.attempt(entry, () => readEntry(lexer, entries, entry));
  });
  if (tried > 0 && Object.keys(entries).length === 0) throw lexer.fail('an entry');
  return { raw, entries };
}

function readEntry(lexer: Lexer, entries: Record<string, Buffer | null>, entry: string): void {
  if (!entry.startsWith('/')) throw lexer.fail('entry-name');
  const literal = lexer.literal();
  if (literal !== undefined) entries[entry] = literal.octets ?? null;
  else {
    const text = lexer.nstring('value');
    entries[entry] = text === null ? null : Buffer.from(text, 'latin1');
  }
}
