/** `fivewire run FILE`: the jobs of a file, several at once, here or by the workers of a queue. */
import { type Args, type CommandModule, type Context, optionalText, text } from '../context.js';
import { exitCodes, usage } from '../exit-code.js';
import { wholeNumber } from '../global-options.js';
import { EmbeddedRunner, JobLedger } from '../jobs/embedded-runner.js';
import { executor } from '../jobs/execute.js';
import type { Job, JobOutcome, JobRunner, RunJobOptions } from '../jobs/job.js';
import { readJobs } from '../jobs/job-file.js';
import { sharedOptions } from '../jobs/shared-options.js';
import { openJournal } from '../journal-file.js';
import { line } from '../output.js';
import { rateOf } from '../rate.js';

export const options: CommandModule['options'] = {
  jobs: { type: 'string', alias: 'j', describe: 'At once; default 1' },
  rate: { type: 'string', describe: 'So many in a time, such as 60/m' },
  resume: { type: 'boolean', describe: 'Do what an earlier run of FILE has left' },
  again: { type: 'boolean', describe: 'Forget an earlier run that was not finished' },
  'resend-unknown': {
    type: 'boolean',
    describe: 'Also jobs of which nobody knows what became of them',
  },
  journal: { type: 'string', noDash: true, describe: 'What is done; default FILE.fivewire-run' },
  'dry-run': { type: 'boolean', describe: 'Only say what would be run' },
  queue: {
    type: 'string',
    describe: 'Have them done by fivewire worker: redis://host, rediss://host',
  },
};

const mostAtOnce = 256;

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const file = text(args.file);
  const atOnce = wholeNumber(args.jobs, '--jobs') ?? 1;
  if (atOnce < 1 || atOnce > mostAtOnce) throw usage(`--jobs goes from 1 to ${mostAtOnce}`);
  const rate = optionalText(args.rate);
  const work: RunJobOptions = {
    jobs: atOnce,
    pause: rate === undefined ? undefined : rateOf(rate),
    resendUnknown: args['resend-unknown'] === true,
    signal: context.signal,
  };
  const shared = sharedOptions(args);
  const jobs = await readJobs(file);
  const queue = optionalText(args.queue);
  if (args.again === true && args.resume === true)
    throw usage('--again and --resume say two things');
  if (queue !== undefined) {
    const { queueRunner } = await import('../jobs/queue.js');
    if (args['dry-run'] === true) return dryRun(jobs, new JobLedger(), context);
    return follow(await queueRunner(queue, args, context), jobs, work, context);
  }
  const journal = optionalText(args.journal) ?? (file === '-' ? undefined : `${file}.fivewire-run`);
  if (journal === undefined)
    throw usage('Where is the journal?', 'With stdin give --journal FILE.');
  if (args['dry-run'] === true) {
    const ledger = new JobLedger();
    await openJournal(journal, 'run', ledger, { readOnly: true });
    return dryRun(jobs, ledger, context);
  }
  const earlier = args.again === true ? 'forget' : args.resume === true ? 'resume' : 'refuse';
  const runner = await EmbeddedRunner.open(journal, executor(shared, context), { earlier });
  return follow(runner, jobs, work, context);
}

async function follow(
  runner: JobRunner,
  jobs: readonly Job[],
  work: RunJobOptions,
  context: Context,
): Promise<number | undefined> {
  const count = { done: 0, failed: 0, unknown: 0 };
  let isOver = false;
  try {
    for await (const outcome of runner.run(jobs, work)) {
      count[outcome.state]++;
      await tell(outcome, context);
    }
    isOver = count.failed + count.unknown === 0;
  } finally {
    await runner.close({ done: isOver });
  }
  const { done, failed, unknown } = count;
  context.out.summary(`${done} done, ${failed} failed, ${unknown} unknown`);
  if (unknown > 0) return exitCodes.protocol;
  return failed > 0 ? exitCodes.partly : undefined;
}

async function tell(
  { job: { key, name, argv }, state, exit, problem = '' }: JobOutcome,
  { out }: Context,
): Promise<void> {
  await out.done({ type: 'job', job: key, name, state, exit, problem }, `${state} ${line(name)}`);
  const why = problem === '' ? '' : `: ${line(problem)}`;
  if (state === 'unknown')
    out.warn(
      argv.length === 0
        ? `${line(name)}: it was cut off${why}, and nobody knows what became of it; --resend-unknown forgets it`
        : `${line(name)}: it was cut off${why}, and nobody knows what became of it; --resend-unknown runs it again`,
    );
  else if (state === 'failed') out.warn(`${line(name)}: exit code ${exit}${why}`);
}

async function dryRun(
  jobs: readonly Job[],
  ledger: JobLedger,
  { out }: Context,
): Promise<undefined> {
  for (const job of jobs) {
    const state = ledger.stateOf(job);
    await out.row(
      { type: 'would', job: job.key, name: job.name, argv: job.argv, state },
      `${state === 'left' ? 'run' : state}\t${line(job.name)}`,
    );
  }
}
