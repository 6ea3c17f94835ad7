import { createNntpPool, NntpClient } from '@fivewire/nntp';
import { NewsStore, startNntpServer } from '@fivewire/test-servers';
import type { Driver } from './driver.js';

const group = 'test.matrix';

export const nntp: Driver<NntpClient> = {
  protocol: 'nntp',
  alpn: 'nntp',
  inClear: /^(?:CAPABILITIES|STARTTLS)$/,
  start: (options) => {
    const news = new NewsStore();
    news.addGroup(group);
    return startNntpServer({ ...options, news, requireAuth: true });
  },
  connect: (options) => NntpClient.connect(options),
  pool: (options) => createNntpPool(options),
  poolResumes: true,
  command: (client) => client.group(group),
};
