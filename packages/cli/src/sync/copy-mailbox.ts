/** One mailbox into its copy: what is new, has other flags, or is gone, noted when it is safe and not before. */
import type { Context } from '../context.js';
import { usage } from '../exit-code.js';
import { line } from '../output.js';
import { octetsPaced } from '../rate.js';
import { type Change, isHeld, type NewMessage, sizeOf, type Target } from './message.js';
import { flagText, type Pair, type Pairs } from './pairs.js';
import { slow } from './slow.js';

export interface SyncWishes {
  /** Remove from the copy what the source has no more. */
  remove: boolean;
  /** More removals than this are none at all. */
  mostDeletions: number;
  dryRun: boolean;
}

export interface Tally {
  new: number;
  changed: number;
  removed: number;
  failed: number;
}

export const tally = (): Tally => ({ new: 0, changed: 0, removed: 0, failed: 0 });

/** Messages that are made safe together, and their octets. */
const batchMessages = 128;
const batchOctets = 4 << 20;

interface Run {
  mailbox: string;
  pairs: Pairs;
  target: Target | undefined;
  wishes: SyncWishes;
  context: Context;
  sum: Tally;
}

export async function copyMailbox(changes: AsyncIterable<Change>, run: Run): Promise<void> {
  const { context, sum } = run;
  const work = new Batches(run);
  const { limitRate } = context.settings;
  const pace = octetsPaced(limitRate, context.signal);
  if (run.wishes.remove) {
    // What runs without --delete have kept.
    const { source } = run.pairs;
    const kept = [...run.pairs.all()].filter(({ gone }) => gone === source);
    await removeAll(
      kept.map((pair) => pair[source]),
      run,
    );
  }
  for await (const change of changes) {
    context.signal.throwIfAborted();
    if (change.type === 'new') {
      if (isHeld(change.content)) await pace(change.content.length);
      await work.add(slow(change, limitRate));
    } else if (change.type === 'flags') await work.change(change);
    else if (change.type === 'gone') await removeAll(change.ids, run);
    else {
      sum.failed++;
      context.out.warn(`${line(run.mailbox)} ${line(change.id)}: ${line(change.text)}`);
    }
  }
  await work.finish();
}

/** Gathers; while one batch is made safe, the next comes in. */
class Batches {
  readonly #run: Run;
  #messages: NewMessage[] = [];
  #octets = 0;
  #changes: { pair: Pair; flags: readonly string[] }[] = [];
  #underway: Promise<void> = Promise.resolve();

  constructor(run: Run) {
    this.#run = run;
  }

  async add(message: NewMessage): Promise<void> {
    if (this.#changes.length > 0) await this.#flushChanges();
    const isLarge = !isHeld(message.content);
    if (isLarge) await this.#flush();
    this.#messages.push(message);
    this.#octets += sizeOf(message.content);
    if (isLarge || this.#messages.length >= batchMessages || this.#octets >= batchOctets)
      await this.#flush();
    if (isLarge) await this.#underway;
  }

  async change({ id, flags }: { id: string; flags: readonly string[] }): Promise<void> {
    const pair = this.#run.pairs.of(id);
    if (pair === undefined || flagText(flags) === pair.flags) return;
    this.#changes.push({ pair, flags });
    if (this.#changes.length >= batchMessages) await this.#flushChanges();
  }

  async finish(): Promise<void> {
    await this.#flushChanges();
    await this.#flush();
    await this.#underway;
  }

  async #flush(): Promise<void> {
    await this.#underway;
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#octets = 0;
    this.#underway = putAll(messages, this.#run);
    // Its failure is met at the next flush, or at the end.
    this.#underway.catch(() => {});
  }

  async #flushChanges(): Promise<void> {
    const changes = this.#changes;
    if (changes.length === 0) return;
    this.#changes = [];
    const { pairs, target, mailbox, context, sum } = this.#run;
    const here = changes.map(({ pair, flags }) => ({
      id: pair[pairs.target],
      before: pair.flags,
      flags,
    }));
    await target?.setFlags(here);
    if (target !== undefined)
      await pairs.put(
        changes.map(({ pair, flags }) => ({
          source: pair[pairs.source],
          target: pair[pairs.target],
          flags: flagText(flags),
        })),
      );
    for (const { pair, flags } of changes) {
      sum.changed++;
      const [id, to] = [pair[pairs.source], pair[pairs.target]];
      await context.out.done(
        { type: 'flags', mailbox, id, to, flags, ...dry(this.#run) },
        `flags ${line(mailbox)} ${line(id)} ${flags.join(' ')}`,
      );
    }
  }
}

async function putAll(messages: readonly NewMessage[], run: Run): Promise<void> {
  const { pairs, target, mailbox, context, sum } = run;
  const stored = (await target?.put(messages)) ?? messages.map(() => ({ id: '' }));
  const safe = messages.flatMap(({ id, flags }, at) => {
    const one = stored[at];
    if (one !== undefined && 'id' in one)
      return [{ source: id, target: one.id, flags: flagText(flags) }];
    sum.failed++;
    context.out.warn(`${line(mailbox)} ${line(id)}: ${one?.problem ?? 'not stored'}`);
    return [];
  });
  if (target !== undefined && safe.length > 0) await pairs.put(safe);
  sum.new += safe.length;
  if (!context.out.json && context.out.verbosity === 0) return;
  for (const { source: id, target: to } of safe)
    await context.out.done(
      { type: 'copied', mailbox, id, to, ...dry(run) },
      `new ${line(mailbox)} ${line(id)}`,
    );
}

async function removeAll(ids: readonly string[], run: Run): Promise<void> {
  const { pairs, target, wishes, mailbox, context, sum } = run;
  const gone = ids.flatMap((id) => pairs.of(id) ?? []);
  if (gone.length === 0) return;
  if (!wishes.remove) {
    if (target !== undefined) await pairs.kept(gone);
    return;
  }
  if (gone.length > wishes.mostDeletions)
    throw usage(
      `${gone.length} messages of ${line(mailbox)} would be removed: more than --max-delete ${wishes.mostDeletions}`,
      'Nothing was removed. If that is meant, give a higher --max-delete.',
    );
  await target?.remove(gone.map((pair) => pair[pairs.target]));
  if (target !== undefined) await pairs.gone(gone);
  sum.removed += gone.length;
  for (const pair of gone) {
    const [id, to] = [pair[pairs.source], pair[pairs.target]];
    await context.out.done(
      { type: 'removed', mailbox, id, to, ...dry(run) },
      `removed ${line(mailbox)} ${line(id)}`,
    );
  }
}

const dry = ({ target }: Run): { dryRun?: true } => (target === undefined ? { dryRun: true } : {});
