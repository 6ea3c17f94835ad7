/** Files out of an NZB: each as it is finished, with what is missing of it. */
import type { Context } from './context.js';
import { exitCodes, Failure, usage } from './exit-code.js';
import { makeDirectory, readLocal } from './local-files.js';
import { line } from './output.js';
import { startProgress } from './progress.js';
import type { Target } from './target.js';

const mostJobs = 64;

/** What the parser takes for a wrong argument is data here. @throws Failure 65 */
function parsed<T>(parse: (octets: Buffer) => T, octets: Buffer, file: string): T {
  try {
    return parse(octets);
  } catch (cause) {
    throw new Failure(exitCodes.badData, `${file}: ${line((cause as Error).message)}`, { cause });
  }
}

export async function getNzb(
  { connect }: Target,
  { file, into, jobs }: { file: string; into: string; jobs: number },
  context: Context,
): Promise<number | undefined> {
  const { out, signal } = context;
  if (jobs < 1 || jobs > mostJobs) throw usage(`--jobs goes from 1 to ${mostJobs}`);
  const { createNntpPool, download, parseNzb } = await import('@fivewire/nntp');
  const nzb = parsed(parseNzb, await readLocal(file, 'the NZB'), file);
  for (const problem of nzb.problems) out.warn(line(problem));
  await makeDirectory(into);
  const { signal: _, ...options } = connect;
  const servers = createNntpPool([{ ...options, maxConnections: jobs }]);
  let broken = nzb.problems.length;
  const progress = await startProgress(context, file);
  try {
    const onProgress = ({ octets }: { octets: number }): void => progress.update(octets, undefined);
    for await (const one of download(servers, nzb, { into, signal, onProgress })) {
      const { name, path, octets, whole, missing, damaged } = one;
      if (!whole) {
        broken++;
        out.warn(`${line(name)}: ${missing.length} parts missing, ${damaged.length} damaged`);
      }
      if (path !== undefined)
        await out.done(
          { type: 'file', name, path, octets, whole, missing, damaged },
          `${path}${whole ? '' : ' (not whole)'}`,
        );
    }
  } finally {
    progress.stop();
    await servers.close();
  }
  return broken === 0 ? undefined : exitCodes.partly;
}
