import { ImapClient } from '@fivewire/imap';
import { type ImapServer, MailStore, startImapServer } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import { all, digest, type Job, message } from '../job.js';

/** Watching has no deadline: a server that hides what is new must not make this job wait for ever. */
async function firstEvent(client: ImapClient, outer: AbortSignal): Promise<string> {
  const patience = AbortSignal.timeout(2_000);
  const signal = AbortSignal.any([outer, patience]);
  try {
    for await (const event of client.watch('INBOX', { signal, from: 3 })) return event.type;
  } catch (error) {
    if (!patience.aborted) throw error;
  }
  return 'nothing';
}

export const imap: Job<ImapServer> = {
  protocol: 'imap',
  line: '* OK Still here\r\n',
  async start(options) {
    const mail = new MailStore();
    for (const subject of ['One', 'Two', 'Three']) mail.deliver(user, message(subject));
    return startImapServer({ ...options, mail });
  },
  async run(access) {
    const call = { signal: access.signal };
    const seen: unknown[] = [];
    const client = await ImapClient.connect(access);
    try {
      seen.push(
        (await all(client.list({ ...call, status: ['messages'] }))).map(({ name, status }) => [
          name,
          status,
        ]),
      );
      await client.create('Done', call);
      const box = await client.open('INBOX', call);
      const found = await box.search({ subject: 'T' }, call);
      seen.push(String(found));
      const items = {
        flags: true,
        envelope: true,
        structure: true,
        size: true,
        headers: ['Subject'],
        bodies: ['1'],
      } as const;
      for await (const row of box.fetch('1:*', items, call)) {
        seen.push([
          row.uid,
          row.envelope.subject,
          row.structure.type,
          row.size,
          row.headers.get('Subject'),
        ]);
        seen.push(await digest(row.body('1', call)), await digest(row.body('', call)));
      }
      const { size } = await client.append('INBOX', message('Four'), {
        ...call,
        flags: ['\\Flagged'],
      });
      seen.push(size);
      await box.addFlags(found, ['\\Seen'], call);
      await box.copy(1, 'Done', call);
      await box.move(2, 'Done', call);
      await box.addFlags(1, ['\\Deleted'], call);
      await box.expunge(1, call);
      seen.push(await firstEvent(client, access.signal));
      await box.close();
      seen.push(await client.status('Done', ['messages', 'uidNext'], call));
    } finally {
      await client.quit(call);
    }
    return seen;
  },
};
