/** The jobs of a run by the workers of a queue. The package that does it is no part of this one: few outgrow a machine. */
import type { QueueOptions } from '@fivewire/jobs';
import type { TlsContextOptions } from 'tls-context-core';
import { type Args, type Context, optionalText } from '../context.js';
import { credentialsFor } from '../credentials.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { tlsOptions } from '../target.js';
import type { JobRunner } from './job.js';

/** @throws Failure 69 where the package is not installed */
export async function jobsPackage(): Promise<typeof import('@fivewire/jobs')> {
  try {
    return await import('@fivewire/jobs');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Failure(exitCodes.unavailable, 'Queues need the package @fivewire/jobs', {
      hint: 'Install it beside this one: npm install --global @fivewire/jobs',
      cause: error,
    });
  }
}

/** @throws Failure 64 and 78 */
export async function queueOptions(
  url: string,
  args: Args,
  context: Context,
): Promise<QueueOptions> {
  const { parseQueueUrl } = await jobsPackage();
  const { host, port, user } = parseQueueUrl(url);
  const { settings } = context;
  const auth =
    user === undefined
      ? undefined
      : await credentialsFor({ protocol: 'redis', host, port, user, guest: false }, context);
  const tls: TlsContextOptions | undefined = await tlsOptions(context);
  const name = optionalText(args['queue-name']);
  const { serverHostname, proxy } = settings;
  return {
    url,
    ...(auth === undefined || !('password' in auth) ? {} : auth),
    ...(name === undefined ? {} : { name }),
    ...(tls === undefined ? {} : { tls }),
    ...(serverHostname === undefined ? {} : { serverHostname }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

export async function queueRunner(url: string, args: Args, context: Context): Promise<JobRunner> {
  if (args.rate !== undefined || args.jobs !== undefined)
    throw usage('--rate and --jobs are the workers’', 'Give them to fivewire worker.');
  for (const name of ['again', 'journal'])
    if (args[name] !== undefined)
      throw usage(`--${name} is for jobs that are run here`, 'A queue remembers by itself.');
  const { createQueueRunner } = await jobsPackage();
  return createQueueRunner(await queueOptions(url, args, context));
}
