/** Dialogues of odd servers: a session with INBOX open, with three messages in it, and what happens then. */
import { ImapClient, type Mailbox, type Notice } from '../../src/index.js';
import type { ImapOptions } from '../../src/types.js';
import { inClear, scriptedClient, streamPair } from './script.js';

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

/** A mailbox of 100 messages on a server that answers each command with these lines and OK. */
export async function answering<T>(
  capabilities: string,
  answer: (line: string) => readonly string[],
  work: (box: Mailbox, client: ImapClient) => Promise<T>,
  options: Partial<ImapOptions> = {},
): Promise<T> {
  const [stream, server] = streamPair();
  let isOpen = false;
  let input = '';
  server.write(`* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ ${capabilities}] hello\r\n`);
  server.on('data', (octets: Buffer) => {
    input += octets.toString('latin1');
    for (;;) {
      const end = input.indexOf('\r\n');
      if (end < 0) return;
      const line = input.slice(0, end);
      const size = Number(/\{(\d+)\+\}$/.exec(line)?.[1] ?? -1);
      if (size >= 0) {
        if (input.length < end + 2 + size) return;
        input = `${line.replace(/\{\d+\+\}$/, '""')}${input.slice(end + 2 + size)}`;
        continue;
      }
      input = input.slice(end + 2);
      const lines = isOpen ? answer(line) : ['* 100 EXISTS'];
      isOpen = true;
      server.write([...lines, `${line.split(' ')[0]} OK done`, ''].join('\r\n'));
    }
  });
  const client = await ImapClient.connect({
    ...inClear,
    stream,
    id: false,
    timeouts: { reply: 2000 },
    ...options,
  });
  try {
    return await work(await client.open('INBOX'), client);
  } finally {
    client.close();
  }
}
