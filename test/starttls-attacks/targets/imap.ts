import { ImapClient, type MailboxEvent } from '@fivewire/imap';
import { MailStore, startImapServer } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import { seen, type Target, textOf } from './target.js';

const mail = new MailStore();
const received = new Date('2026-01-02T03:04:05Z');
for (const n of [1, 2]) {
  mail.inbox(user).append(`From: bob@example.test\r\nSubject: Honest ${n}\r\n\r\nHello ${n}.\r\n`, {
    date: received,
    flags: ['\\Seen'],
  });
}

export const imap: Target<ImapClient> = {
  name: 'imap',
  inClear: /^[A-Z]+\d+ (?:CAPABILITY|STARTTLS|LOGOUT)$/,
  startTls: / STARTTLS$/,
  start: (options) => startImapServer({ ...options, mail }),
  connect: (options) => ImapClient.connect(options),
  mainWork: ['list', 'status', 'inbox'],
  forbidden: ['STARTTLS', 'AUTHENTICATE', 'LOGIN', 'COMPRESS'],
  async look(client) {
    const { capabilities, serverId, authenticated } = client;
    return {
      capabilities: [...capabilities].sort(),
      serverId: serverId ?? null,
      authenticated,
      list: await seen(() => client.list().toArray()),
      subscribed: await seen(() => client.list({ subscribed: true }).toArray()),
      status: await seen(() => client.status('INBOX', ['messages', 'uidNext', 'uidValidity'])),
      strangerStatus: await seen(() => client.status('YFlgClUY', ['messages'])),
      inbox: await seen(() => lookInto(client)),
      events: await seen(() => watchForAWhile(client)),
    };
  },
};

/** What happens in the mailbox while a few other commands come and go beside the watching. */
async function watchForAWhile(client: ImapClient): Promise<MailboxEvent[]> {
  const stop = new AbortController();
  const events: MailboxEvent[] = [];
  const watching = (async () => {
    for await (const event of client.watch('INBOX', { signal: stop.signal })) events.push(event);
  })();
  const others = (async () => {
    for (let i = 0; i < 5; i++) await client.noop();
  })();
  try {
    await Promise.race([watching, others]);
    stop.abort();
    await watching;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return events;
}

async function lookInto(client: ImapClient): Promise<unknown> {
  const inbox = await client.open('INBOX');
  const { exists, uidNext, uidValidity, flags, permanentFlags, readOnly } = inbox;
  const messages: unknown[] = [];
  const items = { flags: true, envelope: true, internalDate: true } as const;
  for await (const message of inbox.fetch('1:*', items)) {
    const { uid, sequence, envelope, internalDate, problems } = message;
    const body = await textOf(message.body());
    messages.push({ uid, sequence, flags: message.flags, envelope, internalDate, problems, body });
  }
  const found = (await inbox.search()).toString();
  const afterwards = { exists: inbox.exists, flags: inbox.flags };
  await inbox.close();
  return {
    ...{ exists, uidNext, uidValidity, flags, permanentFlags, readOnly },
    ...{ messages, found, afterwards },
  };
}
