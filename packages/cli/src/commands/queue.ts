/** `fivewire queue list|flush|retry|rm`: the messages that wait in a directory, as `sendmail --queue-dir` leaves them. */
import { type Args, type CommandModule, type Context, optionalText, text } from '../context.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { named } from '../named.js';
import { line } from '../output.js';
import { flush, whyParked } from '../send/flush.js';
import { Spool, type Spooled } from '../send/spool.js';

export const options: CommandModule['options'] = {
  url: { type: 'string', describe: 'flush: by this server, in place of the one that was noted' },
};

type Action = (spool: Spool, args: Args, context: Context) => Promise<number | undefined>;

const actions: Readonly<Record<string, Action>> = {
  list: (spool, _, context) => listQueue(spool, context),
  flush: (spool, args, context) => flush(spool, optionalText(args.url), context),
  retry: (spool, args, context) =>
    onEntry(spool, args, context, { type: 'queued', text: 'waits again:' }, (entry) =>
      spool.note({ ...entry, state: 'waiting' }),
    ),
  rm: (spool, args, context) =>
    onEntry(spool, args, context, { type: 'removed', text: 'removed' }, ({ id }) =>
      spool.remove(id),
    ),
};

export async function run(args: Args, context: Context): Promise<number | undefined> {
  const action = named(actions, text(args.what));
  if (action === undefined)
    throw usage(
      `There is no queue ${line(text(args.what))}`,
      'There are list, flush, retry and rm.',
    );
  return action(new Spool(text(args.dir)), args, context);
}

export async function listQueue(spool: Spool, { out }: Context): Promise<undefined> {
  for (const entry of await spool.list()) {
    const { id, created, from, to, state, problem } = entry;
    const waiting = problem === undefined ? 'waiting' : `waiting: ${problem}`;
    const shown = state === 'waiting' ? waiting : `parked: ${whyParked(entry)}`;
    await out.row(
      { type: 'queued', ...entry },
      [id, created, line(`<${from ?? ''}>`), line(to.join(',')), line(shown)].join('\t'),
    );
  }
}

/** One that is parked, and for which a person has decided. */
async function onEntry(
  spool: Spool,
  args: Args,
  { out, repeats }: Context,
  done: { type: string; text: string },
  work: (entry: Spooled) => Promise<void>,
): Promise<undefined> {
  const id = optionalText(args.id);
  if (id === undefined) throw usage('Which message?', 'fivewire queue list DIR shows their ids.');
  const unlock = await spool.lock();
  try {
    const entry = (await spool.list()).find((one) => one.id === id);
    if (entry === undefined && repeats && done.type === 'removed') {
      out.warn(`${line(id)} is not there any more: an earlier try, which was cut off, had begun`);
      return;
    }
    if (entry === undefined)
      throw new Failure(exitCodes.notFound, `${line(id)} is not in the queue`);
    await work(entry);
    const { text: said, ...record } = done;
    await out.done({ ...record, id }, `${said} ${line(id)}`);
  } finally {
    await unlock();
  }
}
