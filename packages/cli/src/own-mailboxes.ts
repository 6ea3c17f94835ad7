/**
 * Which mailboxes are the user's own, and how they are called (NAMESPACE, RFC 2342). Some servers keep them below a prefix, `INBOX/`
 * or `INBOX.`: what is Sent elsewhere is INBOX/Sent there, and a name without the prefix is refused or belongs to all.
 */
import type { ImapClient, ListEntry } from '@fivewire/imap';
import { isFivewireError } from 'tls-context-core';
import type { Context } from './context.js';

type Server = Pick<ImapClient, 'namespaces' | 'list'>;
type Call = Pick<Context, 'signal'>;

interface Namespaces {
  /** Before names of one's own, with the delimiter behind it; often nothing. */
  own: string;
  delimiter: string | undefined;
  /** Before names of others; `''`: those without any prefix are theirs. */
  foreign: readonly string[];
}

/** Whether they may be asked for, the library knows: Exchange 2003 says that it has them, and leaves when they are. */
export async function namespacesOf(imap: Server, { signal }: Call): Promise<Namespaces> {
  try {
    const { personal, otherUsers, shared } = await imap.namespaces({ signal });
    return {
      own: personal[0]?.prefix ?? '',
      delimiter: personal[0]?.delimiter ?? undefined,
      foreign: [...otherUsers, ...shared].map(({ prefix }) => prefix),
    };
  } catch (error) {
    if (!isFivewireError(error) || error.code !== 'ERR_EXTENSION_REQUIRED') throw error;
    return { own: '', delimiter: undefined, foreign: [] };
  }
}

const isInbox = (name: string): boolean => /^inbox$/i.test(name);

/** The levels of a mailbox of one's own, without the prefix; undefined for one of others. */
export function ownLevels(
  { name, delimiter }: Pick<ListEntry, 'name' | 'delimiter'>,
  { own, foreign }: Namespaces,
): string[] | undefined {
  if (isInbox(name)) return ['INBOX'];
  // The longest prefix says whose it is. What has none that the server told is left out by no inference.
  const fit = (prefix: string): number => (name.startsWith(prefix) ? prefix.length : -1);
  if (Math.max(-1, ...foreign.map(fit)) > fit(own)) return undefined;
  const below = name.startsWith(own) ? name.slice(own.length) : name;
  // Below the prefix, INBOX is another mailbox than INBOX.
  const shown = isInbox(below) ? name : below;
  return delimiter === null ? [shown] : shown.split(delimiter);
}

/** What a mailbox of these levels is called on that server. */
export const nameOf = (
  levels: readonly string[],
  delimiter: string,
  { own }: Namespaces,
): string =>
  levels.length === 1 && isInbox(levels[0] as string) ? 'INBOX' : own + levels.join(delimiter);

/** A name as a person wrote it: as it is where it has a prefix or is there, else with the prefix of the user's own. */
export async function ownName(imap: Server, name: string, call: Call): Promise<string> {
  if (isInbox(name)) return name;
  const { own, delimiter, foreign } = await namespacesOf(imap, call);
  const prefixes = [own, ...foreign].filter(Boolean);
  if (own === '' || prefixes.some((prefix) => name.startsWith(prefix))) return name;
  if (delimiter !== undefined && name === own.slice(0, -delimiter.length)) return name;
  for await (const entry of imap.list({ pattern: name, signal: call.signal }))
    if (entry.name === name) return name;
  return own + name;
}

/** Tries the name as it is; where the server refuses it, with the prefix of the user's own, if there is one. */
export async function byOwnName<T>(
  imap: Server,
  name: string,
  call: Call,
  work: (name: string) => Promise<T>,
): Promise<T> {
  try {
    return await work(name);
  } catch (error) {
    const isRefused =
      isFivewireError(error) &&
      error.connection === 'usable' &&
      (error.code === 'ERR_COMMAND_REJECTED' || error.code === 'ERR_NOT_FOUND');
    const own = isRefused ? await ownName(imap, name, call) : name;
    if (own === name) throw error;
    return work(own);
  }
}
