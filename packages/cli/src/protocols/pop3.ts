/** A maildrop behind the verbs. */
import type { Context } from '../context.js';
import { usage } from '../exit-code.js';
import { type Destination, keep } from '../keep.js';
import { line } from '../output.js';
import { withSession } from '../sessions.js';
import type { Target } from '../target.js';
import { pop3Path } from '../url-paths.js';

export async function get(target: Target, to: Destination, context: Context): Promise<void> {
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

export async function list(target: Target, context: Context): Promise<void> {
  const { out, signal } = context;
  const wanted = pop3Path(target.path);
  await withSession('pop3', target, context, async (pop3) => {
    const uids = new Map<number, string>();
    for await (const row of pop3.uidl({ signal })) if (row.ok) uids.set(row.number, row.uid);
    for await (const row of pop3.list({ signal })) {
      if (!row.ok) {
        out.warn(line(row.problem));
        continue;
      }
      const { number, octets } = row;
      if (wanted !== undefined && number !== wanted) continue;
      const uid = uids.get(number);
      await out.row(
        { type: 'message', number, uid, size: octets },
        [number, octets ?? '-', line(uid ?? '-')].join('\t'),
      );
    }
  });
}
