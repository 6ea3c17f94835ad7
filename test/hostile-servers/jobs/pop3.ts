import { Pop3Client } from '@fivewire/pop3';
import { MailStore, type Pop3Server, startPop3Server } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import { all, digest, type Job, message } from '../job.js';

export const pop3: Job<Pop3Server> = {
  protocol: 'pop3',
  line: '+OK Still here\r\n',
  async start(options) {
    const mail = new MailStore();
    for (const subject of ['One', 'Two', 'Three']) mail.deliver(user, message(subject));
    return startPop3Server({ ...options, mail });
  },
  async run(access) {
    const call = { signal: access.signal };
    const seen: unknown[] = [];
    const client = await Pop3Client.connect(access);
    try {
      seen.push(await client.stat(call));
      seen.push(await all(client.list(call)), (await all(client.uidl(call))).length);
      seen.push(await digest(client.retrieve(1, call)), await digest(client.top(2, 3, call)));
      for await (const item of client.retrieveAll([1, 2, 3], call)) {
        if (!item.ok) throw item.error;
        seen.push([item.number, await digest(item.message)]);
      }
      await client.delete([1, 2], call);
      await client.reset(call);
      await client.noop(call);
      await client.delete(3, call);
    } finally {
      seen.push(await client.quit(call));
    }
    return seen;
  },
};
