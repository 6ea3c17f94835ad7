/** A mailbox as it changes: the server tells (IDLE, RFC 2177), and a link that dies is made anew. */
import type { ImapClient } from '@fivewire/imap';
import type { Context } from '../context.js';
import type { WatchEvent } from './event.js';

export async function* mailboxEvents(
  imap: ImapClient,
  box: string,
  { signal }: Context,
): AsyncGenerator<WatchEvent, void, undefined> {
  for await (const event of imap.watch(box, { signal })) {
    if (event.type === 'status') continue; // of other mailboxes
    const ids = event.type === 'flags' ? String(event.uid) : String(event.uids);
    yield { event: names[event.type], box, ids };
  }
}

const names = { new: 'new', expunged: 'gone', flags: 'changed', reset: 'reset' } as const;
