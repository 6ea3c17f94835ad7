import { SmtpClient } from '@fivewire/smtp';
import { type SmtpServer, startSmtpServer } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import { type Job, message } from '../job.js';

const envelope = { from: 'alice@example.org', to: [`${user}@example.org`, 'nobody@example.org'] };

export const smtp: Job<SmtpServer> = {
  protocol: 'smtp',
  line: '250-Still here\r\n',
  start: (options) =>
    startSmtpServer({ ...options, refuseRecipients: { 'nobody@example.org': '550 5.1.1 Nobody' } }),
  async run(access) {
    const call = { signal: access.signal };
    const seen: unknown[] = [];
    const client = await SmtpClient.connect(access);
    try {
      await client.noop(call);
      const { accepted, refused, bytes } = await client.send(envelope, message('One'), call);
      seen.push(accepted.length, refused.length, bytes);
      const messages = ['Two', 'Three'].map((subject) => ({ envelope, body: message(subject) }));
      for await (const outcome of client.sendMany(messages, { ...call, window: 2 })) {
        if (!outcome.ok) throw outcome.error;
        seen.push(outcome.index, outcome.result.accepted.length);
      }
      await client.reset(call);
    } finally {
      await client.quit(call);
    }
    return seen;
  },
};
