/** One message to the submission server of a URL or a profile. */
import type { Context } from '../context.js';
import { withRetry } from '../retry.js';
import { withSession } from '../sessions.js';
import { resolveTarget } from '../target.js';
import { type Outgoing, send } from './outgoing.js';

/** @returns 1 where some recipients were refused */
export async function submit(
  url: string | undefined,
  outgoing: Outgoing,
  { allOrNone }: { allOrNone: boolean },
  context: Context,
): Promise<number | undefined> {
  const target = await resolveTarget(url, context, { protocols: ['smtp'] });
  return withRetry(context, () =>
    withSession('smtp', target, context, (smtp) => send(smtp, outgoing, allOrNone, context)),
  );
}
