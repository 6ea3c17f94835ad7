// A worker in a process of its own, which may be killed: sends what it is told to send.
import { startWorker } from '@fivewire/jobs';
import { createSmtpPool } from '@fivewire/smtp';

const [queue, smtp] = JSON.parse(process.argv[2]);
const pool = createSmtpPool({ ...smtp, maxConnections: 4 });
startWorker(
  queue,
  async ({ argv: [from, to, body] }) => {
    try {
      await pool.send({ from, to: [to] }, body);
      return { exit: 0 };
    } catch (error) {
      return { exit: error.code === 'ERR_OUTCOME_UNKNOWN' ? 76 : 75, problem: error.message };
    }
  },
  { jobs: 8, lease: 2_000, firstPause: 100 },
);
