/** QUOTA (RFC 9208 §5), ACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3.6), METADATA (RFC 5464 §4.4). */
import { decodeText } from '@fivewire/line-protocol';
import { type Lexer, open } from './lexer.js';
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
  const root = decodeText(lexer.astring('quota-root-name'));
  const resources: Record<string, QuotaUsage> = Object.create(null);
  lexer.spaces();
  lexer.list('quota-list', () => {
    const name = lexer.astring('resource-name').toUpperCase();
    lexer.spaces();
    const usage = lexer.number('usage');
    lexer.spaces();
    resources[name] = { usage, limit: lexer.number('limit') };
  });
  return { root, resources };
}

export interface RightsData {
  readonly name: string;
  /** The words behind the mailbox, decoded. */
  readonly words: readonly string[];
}

/** acl-data, listrights-data and myrights-data: a mailbox and words. */
export function parseRights(lexer: Lexer): RightsData {
  const name = decodeMailboxName(lexer.astring('mailbox'));
  const words: string[] = [];
  for (lexer.spaces(); !lexer.atEnd; lexer.spaces())
    words.push(decodeText(lexer.astring('rights')));
  return { name, words };
}

export interface MetadataData {
  readonly name: string;
  /** Values by entry, octets as text; `null` for none. `undefined` for a response that only says what changed. */
  readonly entries: Readonly<Record<string, Buffer | null>> | undefined;
}

/** metadata-resp = "METADATA" SP mailbox SP (entry-values / entry-list) */
export function parseMetadata(lexer: Lexer): MetadataData {
  const name = decodeMailboxName(lexer.astring('mailbox'));
  lexer.spaces();
  if (lexer.peek() !== open) return { name, entries: undefined };
  const entries: Record<string, Buffer | null> = Object.create(null);
  lexer.list('entry-values', () => {
    const entry = lexer.astring('entry-name').toLowerCase();
    lexer.spaces();
    const literal = lexer.literal();
    if (literal !== undefined) entries[entry] = literal.octets ?? null;
    else {
      const text = lexer.nstring('value');
      entries[entry] = text === null ? null : Buffer.from(text, 'latin1');
    }
  });
  return { name, entries };
}
