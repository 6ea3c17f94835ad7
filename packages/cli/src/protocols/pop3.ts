/** A maildrop behind the verbs. */
import type { QuitResult } from '@fivewire/pop3';
import type { Context } from '../context.js';
import { exitCodes, Failure, usage } from '../exit-code.js';
import { type Destination, keep } from '../keep.js';
import { line } from '../output.js';
import { withRetry } from '../retry.js';
import { withoutLogin, withSession } from '../sessions.js';
import { resolveTarget, type Target } from '../target.js';
import { pop3Path } from '../url-paths.js';

export async function get(target: Target, to: Destination, context: Context): Promise<undefined> {
  const number = pop3Path(target.path);
  if (number === undefined)
    throw usage('Which message?', 'Write pop3s://user@host/3; fivewire fetch gets all new ones.');
  await withSession('pop3', target, context, async (pop3) => {
    await keep(
      {
        name: `${number}.eml`,
        body: pop3.retrieve(number, { signal: context.signal }),
      },
      to,
      context,
    );
  });
}

/**
 * Marked, and removed by the goodbye: a session that breaks before has removed nothing. Once a session stood, `--retry` begins no other:
 * there the number may be that of another message.
 */
export async function remove(url: string, context: Context): Promise<undefined> {
  const { signal, out } = context;
  const target = await resolveTarget(url, context, { protocols: ['pop3'] });
  const number = pop3Path(target.path);
  if (number === undefined)
    throw usage('Which message?', 'Write pop3s://user@host/3; fivewire fetch --delete takes all.');
  const problem = await withRetry(context, () =>
    withSession('pop3', target, context, (pop3) =>
      pop3.delete(number, { signal }).then(
        async () => notRemoved(number, await pop3.quit()),
        (error: unknown) => error,
      ),
    ),
  );
  if (problem !== undefined) throw withoutLogin(problem, target);
  await out.done({ type: 'removed', number }, `removed ${number}`);
}

/** What the goodbye says of the mark. */
function notRemoved(number: number, { committed, reply }: QuitResult): Failure | undefined {
  if (committed === true) return undefined;
  if (committed === false)
    return new Failure(
      exitCodes.unavailable,
      `The server has not removed message ${number}: ${line(reply ?? '')}`,
      { code: 'ERR_COMMAND_REJECTED' },
    );
  return new Failure(
    exitCodes.protocol,
    `Whether message ${number} was removed is not known: the connection broke`,
    { code: 'ERR_OUTCOME_UNKNOWN', hint: 'fivewire ls shows what is there.' },
  );
}

/** How many messages there are, and how large they are together; or of one, its size and unique-id. */
export async function stat(url: string, context: Context): Promise<void> {
  const { signal } = context;
  const target = await resolveTarget(url, context, { protocols: ['pop3'] });
  const wanted = pop3Path(target.path);
  await withRetry(context, () =>
    withSession('pop3', target, context, async (pop3) => {
      if (wanted === undefined) {
        const { count: messages, octets: size } = await pop3.stat({ signal });
        return context.out.facts('maildrop', { name: target.account, messages, size });
      }
      const found = await rowOf(pop3.list({ signal }), wanted);
      if (found === undefined) throw noMessage(wanted);
      const named = await rowOf(pop3.uidl({ signal }), wanted);
      return context.out.facts('message', {
        number: wanted,
        size: found.octets,
        uid: named?.uid,
      });
    }),
  );
}

/** @throws Failure 69 where a row that cannot be read may be the one */
async function rowOf<R extends { ok: boolean; number?: number | undefined }>(
  rows: AsyncIterable<R>,
  wanted: number,
): Promise<Extract<R, { ok: true }> | undefined> {
  let found: Extract<R, { ok: true }> | undefined;
  let problem: string | undefined;
  for await (const row of rows)
    if (row.ok) {
      if (row.number === wanted) found = row as Extract<R, { ok: true }>;
    } else if ((row.number ?? wanted) === wanted)
      problem = String((row as { problem?: unknown }).problem);
  if (found === undefined && problem !== undefined)
    throw new Failure(exitCodes.unavailable, `Message ${wanted}: ${line(problem)}`, {
      code: 'ERR_MALFORMED_RESPONSE',
    });
  return found;
}

const noMessage = (number: number): Failure =>
  new Failure(exitCodes.notFound, `There is no message ${number}`, { code: 'ERR_NOT_FOUND' });

export async function list(target: Target, context: Context): Promise<number | undefined> {
  const { out, signal } = context;
  const wanted = pop3Path(target.path);
  return withSession('pop3', target, context, async (pop3) => {
    let problems = 0;
    const uids = new Map<number, string>();
    for await (const row of pop3.uidl({ signal })) if (row.ok) uids.set(row.number, row.uid);
    let count = 0;
    for await (const row of pop3.list({ signal })) {
      if (!row.ok) {
        out.warn(line(row.problem));
        problems++;
        continue;
      }
      const { number, octets } = row;
      if (wanted !== undefined && number !== wanted) continue;
      count++;
      const uid = uids.get(number);
      await out.row(
        { type: 'message', number, uid, size: octets },
        [number, octets ?? '-', line(uid ?? '-')].join('\t'),
      );
    }
    if (problems > 0) return exitCodes.partly;
    if (wanted !== undefined && count === 0) throw noMessage(wanted);
    return undefined;
  });
}
