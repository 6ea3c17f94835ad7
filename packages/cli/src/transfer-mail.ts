/** Messages of one mailbox to another on the same server: what `move` and `copy` share. */
import { isFivewireError } from 'tls-context-core';
import type { Context } from './context.js';
import { usage } from './exit-code.js';
import { chosen, onMailbox } from './imap-command.js';
import { line } from './output.js';

export async function transfer(
  verb: 'move' | 'copy',
  url: string,
  to: string,
  create: boolean,
  context: Context,
): Promise<undefined> {
  const { out, signal } = context;
  if (to.includes('://')) throw usage('The other mailbox is a name on the same server, not a URL');
  await onMailbox(url, context, { readOnly: verb === 'copy' }, async (mailbox, place, imap) => {
    const uids = await chosen(mailbox, place, context);
    const go = () => mailbox[verb](uids, to, { signal });
    const result = await go().catch(async (error: unknown) => {
      const isMissing =
        isFivewireError(error) &&
        (error as { reply?: { enhanced?: string } }).reply?.enhanced === 'TRYCREATE';
      if (!create || !isMissing) throw error;
      await imap.create(to, { signal });
      return go();
    });
    const type = verb === 'move' ? 'moved' : 'copied';
    await out.done(
      { type, from: place.mailbox, to, uids, result },
      `${type} ${line(place.mailbox)} ${uids} to ${line(to)}`,
    );
  });
}
