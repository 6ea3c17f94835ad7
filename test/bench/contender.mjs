// One contender in its own process: does the work, then tells what the kernel accounts to it.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';

const { module, fn, hash, input } = JSON.parse(process.argv[2]);
const contender = (await import(new URL(`contenders/${module}.mjs`, import.meta.url)))[fn];
const digest = hash ? createHash('sha256') : undefined;
const start = process.hrtime.bigint();

/** `output` takes what the work produced; it costs a call, and the hash only in the run that is not counted. */
await contender(input, digest ? (piece) => digest.update(piece) : () => {});

const wallSeconds = Number(process.hrtime.bigint() - start) / 1e9;
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const figures = {
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    wallSeconds,
    rssBytes: maxRSS * 1024,
  };
  writeSync(3, JSON.stringify({ ...figures, sha256: digest?.digest('hex') }));
});
