/** Which mailboxes are copied into which: one, or all of an account, level by level. */
import type { ImapClient } from '@fivewire/imap';
import type { Context } from '../context.js';
import { line } from '../output.js';
import { namespacesOf, ownLevels } from '../own-mailboxes.js';

export interface ServerMailbox {
  name: string;
  levels: string[];
}

/** Mailboxes that show messages of others: copied too, each message would be there twice (RFC 6154 §2). */
const virtual = new Set(['\\All', '\\Flagged', '\\Important']);

/** Those of the account itself. */
export async function serverMailboxes(
  imap: ImapClient,
  context: Context,
): Promise<ServerMailbox[]> {
  const { signal, out } = context;
  const found: ServerMailbox[] = [];
  const namespaces = await namespacesOf(imap, context);
  for await (const { name, delimiter, selectable, specialUse } of imap.list({ signal })) {
    if (!selectable) continue;
    const levels = ownLevels({ name, delimiter }, namespaces);
    if (levels === undefined) out.detail(`${line(name)} belongs to others: left out`);
    else if (specialUse !== undefined && virtual.has(specialUse))
      out.detail(`${line(name)} shows messages of other mailboxes: left out`);
    else found.push({ name, levels });
  }
  return found;
}

/** What separates levels on a server; `/` where it has none, or none yet. */
export async function delimiterOf(imap: ImapClient, { signal }: Context): Promise<string> {
  for await (const { delimiter } of imap.list({ signal, pattern: '%' }))
    if (delimiter !== null) return delimiter;
  return '/';
}
