import { createPop3Pool, Pop3Client } from '@fivewire/pop3';
import { startPop3Server } from '@fivewire/test-servers';
import type { Driver } from './driver.js';

export const pop3: Driver<Pop3Client> = {
  protocol: 'pop3',
  alpn: 'pop3',
  inClear: /^(?:CAPA|STLS)$/,
  start: (options) => startPop3Server(options),
  connect: (options) => Pop3Client.connect(options),
  pool: (options) => createPop3Pool(options),
  poolResumes: true,
  command: (client) => client.stat(),
};
