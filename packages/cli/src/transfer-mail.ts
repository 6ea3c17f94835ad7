/** Messages of one mailbox to another on the same server: what `move` and `copy` share. */
import { isFivewireError } from 'tls-context-core';
import type { Context } from './context.js';
import { usage } from './exit-code.js';
import { chosen, onMailbox } from './imap-command.js';
import { line } from './output.js';
import { ownName } from './own-mailboxes.js';

export async function transfer(
  verb: 'move' | 'copy',
  url: string,
  named: string,
  create: boolean,
  context: Context,
): Promise<number | undefined> {
  const { out, signal } = context;
  if (named.includes('://'))
    throw usage('The other mailbox is a name on the same server, not a URL');
  let exit: number | undefined;
  await onMailbox(url, context, { readOnly: verb === 'copy' }, async (mailbox, place, imap) => {
    const found = await chosen(mailbox, place, context);
    const { uids } = found;
    exit = found.exit;
    const to = await ownName(imap, named, context);
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
  return exit;
}
