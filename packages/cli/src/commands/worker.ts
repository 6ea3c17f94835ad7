/** `fivewire worker --queue URL`: does the jobs of a queue until SIGINT or SIGTERM, on as many machines as wanted. */
import { type Args, type CommandModule, type Context, optionalText } from '../context.js';
import { usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { executor } from '../jobs/execute.js';
import { jobsPackage, queueOptions } from '../jobs/queue.js';
import { sharedOptions } from '../jobs/shared-options.js';
import { line } from '../output.js';
import { rateOf } from '../rate.js';

export const options: CommandModule['options'] = {
  queue: { type: 'string', describe: 'redis://host, or rediss://host for TLS' },
  'queue-name': { type: 'string', describe: 'Default fivewire' },
  jobs: { type: 'string', alias: 'j', describe: 'At once; default 1' },
  rate: { type: 'string', describe: 'So many in a time over all workers, such as 60/m' },
  lease: {
    type: 'string',
    describe: 'Seconds until a dead worker’s job is given to another; default 30',
  },
};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const url = optionalText(args.queue);
  if (url === undefined) throw usage('Which queue?', 'Give --queue redis://host.');
  const jobs = wholeNumber(args.jobs, '--jobs') ?? 1;
  const lease = (wholeNumber(args.lease, '--lease') ?? 30) * 1_000;
  if (jobs < 1 || lease < 1_000) throw usage('--jobs and --lease begin at 1');
  const rate = optionalText(args.rate);
  const { startWorker, checkQueue } = await jobsPackage();
  const { signal, out } = context;
  const queue = await queueOptions(url, args, context);
  await checkQueue(queue);
  const worker = startWorker(queue, executor(sharedOptions(args), context), {
    jobs,
    lease,
    signal,
    ...(rate === undefined ? {} : { pause: rateOf(rate) }),
    onOutcome: ({ job: { key, name }, state, exit, problem = '' }) =>
      void out.done(
        { type: 'job', job: key, name, state, exit, problem },
        `${state} ${line(name)}`,
      ),
  });
  out.detail('waiting for jobs');
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
  await worker.close();
  return undefined; // SIGTERM is how a worker ends well
}
