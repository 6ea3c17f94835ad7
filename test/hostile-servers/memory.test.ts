/** A server that never stops talking: what this process holds meanwhile is bounded. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from './job.js';
import { ftp } from './jobs/ftp.js';
import { imap } from './jobs/imap.js';
import { nntp } from './jobs/nntp.js';
import { pop3 } from './jobs/pop3.js';
import { smtp } from './jobs/smtp.js';
import { runTrial } from './trial.js';
import { createWorld, type World } from './world.js';

const mebibyte = 1 << 20;
const flood = 256 * mebibyte;
/** Far below the flood, above what V8 leaves lying about; both sides of the connection live in this process. */
const bound = 100 * mebibyte;

const jobs = [ftp, imap, pop3, smtp, nntp] as unknown as Job[];

/** A line that the protocol knows, one without an end, and one that could be a row or a part of a body. */
const texts = (job: Job) => [job.line, 'x', '1 row 2 3\r\n'];

describe.each(jobs)('$protocol', (job) => {
  let world: World;
  let sent: number;
  beforeAll(async () => {
    world = await createWorld();
    const healthy = await runTrial(world, { job, mode: 'implicit-tls', faults: undefined });
    sent = healthy.sent[0] ?? 0;
  });
  afterAll(() => world.end());

  it.each(texts({ ...job }).map((text, i) => ({ text, part: [0, 0.5, 0.7][i] as number })))(
    'holds little of 256 MiB of $text',
    async ({ text, part }) => {
      await delay(50);
      const before = process.memoryUsage().rss;
      let peak = before;
      const watch = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss);
      }, 5);
      const after = Math.floor(sent * part);
      const { faults } = await runTrial(world, {
        job,
        mode: 'implicit-tls',
        faults: { flood: { after, text, total: flood } },
      });
      clearInterval(watch);
      expect(faults).toEqual([]);
      expect(peak - before).toBeLessThan(bound);
      expect(world.uncaught).toEqual([]);
    },
    60_000,
  );
});
