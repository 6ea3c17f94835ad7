// Round trips: what pipelining is worth 20 ms away. The relay holds every octet back; wall seconds tell. 500 messages take
// the slowest contender ten seconds.
import { MailStore, startPop3Server } from '@fivewire/test-servers';
import { startRelay } from '../relay.mjs';

const roundTrip = 20;

export default [
  {
    work: `POP3, 500 messages at ${roundTrip} ms`,
    async serve({ full }) {
      const count = full ? 2_000 : 500;
      const mail = new MailStore();
      const text = 'The quick brown fox jumps over the lazy dog.\r\n'.repeat(80);
      for (let i = 0; i < count; i++) {
        mail.deliver('alice', `From: bob@example.org\r\nSubject: ${i}\r\n\r\n${text}`);
      }
      const server = await startPop3Server({ mail, users: { alice: 'secret' } });
      const target = { host: server.host, port: server.ports.cleartext };
      const relay = await startRelay(target, { roundTrip });
      return {
        input: { host: relay.host, port: relay.port, count },
        close: async () => {
          await relay.close();
          await server.close();
        },
      };
    },
    contenders: {
      raw: ['latency', 'rawPipelined'],
      fivewire: ['latency', 'retrieveAll'],
      'fivewire, one at a time': ['latency', 'oneAtATime'],
    },
    reference: 'raw',
    targets: [],
  },
];
