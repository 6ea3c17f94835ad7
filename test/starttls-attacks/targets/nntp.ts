import { NntpClient } from '@fivewire/nntp';
import { NewsStore, startNntpServer } from '@fivewire/test-servers';
import { seen, type Target } from './target.js';

const group = 'test.honest';
const news = new NewsStore();
news.addGroup(group, { created: new Date('2026-01-01T00:00:00Z') });
news.add(
  `From: bob@example.test\r\nNewsgroups: ${group}\r\nSubject: Honest\r\nMessage-ID: <1@example.test>\r\n\r\nHello.\r\n`,
);

export const nntp: Target<NntpClient> = {
  name: 'nntp',
  // MODE READER: a server that hides STARTTLS behind it (INN) is asked before it is given up.
  inClear: /^(?:CAPABILITIES|MODE READER|STARTTLS|QUIT)$/,
  startTls: /^STARTTLS$/,
  start: (options) => startNntpServer({ ...options, news, requireAuth: true }),
  connect: (options) => NntpClient.connect(options),
  mainWork: ['active', 'group', 'overview'],
  forbidden: ['STARTTLS', 'AUTHINFO', 'MODE', 'COMPRESS'],
  async look(client) {
    const { capabilities, postingAllowed, selected } = client;
    return {
      capabilities: [...capabilities].map((label) => [label, capabilities.arguments(label)]),
      postingAllowed,
      selected: selected ?? null,
      active: await seen(() => client.listActive().toArray()),
      group: await seen(() => client.group(group)),
      overview: await seen(() => client.overview({ from: 1 }).toArray()),
    };
  },
};
