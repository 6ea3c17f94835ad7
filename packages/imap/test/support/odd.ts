/** Dialogues of odd servers: a session with INBOX open, with three messages in it, and what happens then. */
import type { ImapClient, Mailbox, Notice } from '../../src/index.js';
import type { ImapOptions } from '../../src/types.js';
import { scriptedClient } from './script.js';

const more = 'UIDPLUS MOVE UNSELECT OBJECTID CONDSTORE X-GM-EXT-1 SAVEDATE PREVIEW LITERAL+';

export const openedWith = (capabilities: string): string => `
S: * PREAUTH [CAPABILITY IMAP4rev1 ${capabilities}] hello
C: A1 SELECT "INBOX"
S: * 3 EXISTS
S: A1 OK [READ-WRITE] done
`;

export const opened: string = openedWith(more);

/** Works on the open mailbox; the script has to be followed to its end. */
export async function openedOn<T>(
  script: string,
  work: (box: Mailbox, client: ImapClient) => Promise<T>,
  { capabilities = more, ...options }: Partial<ImapOptions> & { capabilities?: string } = {},
): Promise<T> {
  const { client, done } = await scriptedClient(openedWith(capabilities) + script, options);
  try {
    const result = await work(await client.open('INBOX'), client);
    await done;
    return result;
  } finally {
    client.close();
  }
}

export async function noticesOf(client: ImapClient, count: number): Promise<Notice[]> {
  const all: Notice[] = [];
  for await (const notice of client.notices) if (all.push(notice) === count) break;
  return all;
}
