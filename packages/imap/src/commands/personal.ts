/** Names and special uses: the personal namespace (RFC 2342), SPECIAL-USE (RFC 6154). */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type ListEntry, list } from './list.js';
import { namespace } from './namespace.js';

/**
 * The name as the server wants it for a mailbox of one's own: with the prefix of the personal namespace (`INBOX.` on Courier
 * and some Cyrus servers), and with the server's delimiter for each `/`. A name that has the prefix already keeps it.
 */
export async function personalName(
  runner: CommandRunner,
  name: string,
  options?: CallOptions,
): Promise<string> {
  if (/^inbox$/i.test(name)) return 'INBOX';
  const { session } = runner;
  if (!session.hasNamespaces) return name;
  session.namespaces ??= await namespace(runner, options);
  const [own] = session.namespaces.personal;
  if (own === undefined) return name;
  const { prefix, delimiter } = own;
  const levels = delimiter === null ? name : name.split('/').join(delimiter);
  return levels.startsWith(prefix) ? levels : prefix + levels;
}

/**
 * The mailbox for this use. Where the server does not tell uses, the one with the name that clients give it; `undefined` where
 * there is none.
 */
export async function findSpecialUse(
  runner: CommandRunner,
  specialUse: string,
  options: CallOptions,
): Promise<ListEntry | undefined> {
  const mailboxes: ListEntry[] = [];
  for await (const mailbox of list(runner, { returnSpecialUse: true }, options))
    mailboxes.push(mailbox);
  const wanted = specialUse.toLowerCase();
  const told = mailboxes.find(({ attributes }) =>
    attributes.some((attribute) => attribute.toLowerCase() === wanted),
  );
  if (told !== undefined) return told;
  if (mailboxes.some(({ specialUse }) => specialUse !== undefined)) return undefined;
  const names = usualNames[wanted] ?? [];
  const last = ({ name, delimiter }: ListEntry): string =>
    (delimiter === null ? name : (name.split(delimiter).at(-1) ?? name)).toLowerCase();
  return mailboxes.find((found) => found.selectable && names.includes(last(found)));
}

/** What clients call them, where no use is told. */
const usualNames: Readonly<Record<string, readonly string[]>> = {
  '\\sent': ['sent', 'sent items', 'sent messages', 'gesendet', 'envoyés', 'enviados'],
  '\\drafts': ['drafts', 'entwürfe', 'brouillons', 'borradores'],
  '\\trash': ['trash', 'deleted items', 'deleted messages', 'papierkorb', 'corbeille', 'papelera'],
  '\\junk': ['junk', 'spam', 'junk e-mail', 'bulk mail'],
  '\\archive': ['archive', 'archives', 'archiv'],
};
