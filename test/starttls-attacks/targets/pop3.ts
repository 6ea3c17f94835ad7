import { Pop3Client } from '@fivewire/pop3';
import { MailStore, startPop3Server } from '@fivewire/test-servers';
import { user } from '../../support/credentials.js';
import { seen, type Target, textOf } from './target.js';

const mail = new MailStore();
for (const n of [1, 2])
  mail.deliver(user, `From: bob@example.test\r\nSubject: Honest ${n}\r\n\r\nHello ${n}.\r\n`);

export const pop3: Target<Pop3Client> = {
  name: 'pop3',
  inClear: /^(?:CAPA|STLS|QUIT)$/,
  startTls: /^STLS$/,
  start: (options) => startPop3Server({ ...options, mail }),
  connect: (options) => Pop3Client.connect(options),
  mainWork: ['stat', 'list', 'message'],
  forbidden: ['STLS', 'AUTH', 'APOP', 'USER', 'PASS'],
  async look(client) {
    const { capabilities } = client;
    return {
      capabilities: [...capabilities].map((name) => [name, capabilities.arguments(name)]),
      stat: await seen(() => client.stat()),
      list: await seen(() => client.list().toArray()),
      uidl: await seen(() => client.uidl().toArray()),
      message: await seen(() => textOf(client.retrieve(1))),
      marked: client.marked,
    };
  },
};
