// One contender in its own process: does the work, then tells what the kernel accounts to it.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeSync } from 'node:fs';

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
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 + childSeconds(),
    wallSeconds,
    rssBytes: peakOf(maxRSS) * 1024,
  };
  writeSync(3, JSON.stringify({ ...figures, sha256: digest?.digest('hex') }));
});

/** Of programs that the contender has started and waited for (proc(5), fields 16 and 17, in hundredths); 0 where there is no /proc. */
function childSeconds() {
  try {
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}

/** Of this program alone: what `resourceUsage` tells on Linux counts the process that started it, too. */
function peakOf(maxRSS) {
  const file = '/proc/self/status';
  const told = existsSync(file)
    ? /^VmHWM:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]
    : undefined;
  return Number(told ?? maxRSS);
}
