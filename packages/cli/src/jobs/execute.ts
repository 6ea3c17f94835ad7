/** A job as a run of the command line of its own, in this process. */
import { Writable } from 'node:stream';
import { finished as whole } from 'node:stream/promises';
import type { Context } from '../context.js';
import { exitCodeOf } from '../exit-code.js';
import { line } from '../output.js';
import type { Execute } from './job.js';

/**
 * @param shared options of every command that the jobs get as well: `--profile work --ca ca.pem`
 */
export function executor(shared: readonly string[], { out }: Context): Execute {
  return async ({ argv, key, name }, signal, how) => {
    const { runTry } = await import('../run.js');
    let said = '';
    const stderr = lines((text) => {
      said = /^(?:fivewire|warning): (.*)$/.exec(text)?.[1] ?? said;
      out.say(`${name}: ${line(text)}`);
    });
    const stdout = out.json
      ? lines((text) => out.write(`${tagged(text, { job: key, jobName: name })}\n`))
      : lines((text) => out.write(`${text}\n`));
    const end = argv.indexOf('--');
    const own = end < 0 ? argv : argv.slice(0, end);
    const operands = end < 0 ? [] : argv.slice(end);
    const all = [...own, ...shared, ...(out.json ? ['--json'] : []), ...operands];
    const exit = await runTry(all, { signal, stdout, stderr }, how);
    // What it printed and could not be written is lost: then it is not done, whatever it says.
    const lost = await Promise.all([finished(stdout), finished(stderr)]).then(
      () => undefined,
      (error: Error) => error,
    );
    const ended = lost === undefined || exit !== 0 ? exit : exitCodeOf(lost);
    const problem = said === '' ? (lost?.message ?? '') : said;
    return { exit: ended, ...(ended === 0 || problem === '' ? {} : { problem }) };
  };
}

/** What a record says of itself, such as the `name` of a file, stays. */
function tagged(text: string, tags: { job: string; jobName: string }): string {
  try {
    return JSON.stringify({ ...JSON.parse(text), ...tags });
  } catch {
    return JSON.stringify({ type: 'text', text, ...tags });
  }
}

/** Whole lines only: those of several jobs never stand within each other. */
function lines(told: (line: string) => Promise<void> | void): Writable {
  let rest = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const all = (rest + chunk.toString('latin1')).split('\n');
      rest = all.pop() ?? '';
      Promise.all(all.map((text) => told(Buffer.from(text, 'latin1').toString('utf8')))).then(
        () => done(),
        done,
      );
    },
    final(done) {
      Promise.resolve(
        rest === '' ? undefined : told(Buffer.from(rest, 'latin1').toString('utf8')),
      ).then(() => done(), done);
    },
  });
  // Whoever writes is told; `finished` tells the rest.
  return stream.on('error', () => {});
}

async function finished(stream: Writable): Promise<void> {
  if (!stream.errored) stream.end();
  await whole(stream);
}
