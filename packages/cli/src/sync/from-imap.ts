/** What has changed in a mailbox on an IMAP server since the pairs were noted. */
import type { ImapClient, Message, SyncState } from '@fivewire/imap';
import { isFivewireError } from 'tls-context-core';
import type { Context } from '../context.js';
import { gather } from './gather.js';
import { type Change, heldOctets, type NewMessage } from './message.js';
import { flagList, type Pairs } from './pairs.js';

type Row = Message<{ bodies: ['']; internalDate: true; size: true; flags: true }>;

/** @param contents false: only which messages there are, as for a dry run */
export async function* changesOnServer(
  imap: ImapClient,
  mailbox: string,
  pairs: Pairs,
  { signal }: Context,
  contents: boolean,
): AsyncGenerator<Change, void, undefined> {
  const items = contents
    ? ({ bodies: [''], internalDate: true, size: true } as const)
    : ({ internalDate: true, size: true } as const);
  const before = await stateOf(pairs);
  let last: { state: SyncState } | undefined;
  for await (const event of imap.sync(mailbox, before, items, { signal })) {
    // Before anything is noted under it.
    if (last === undefined) await pairs.validate('source', event.state.uidValidity);
    last = event;
    if (event.type === 'flags') yield { type: 'flags', id: String(event.uid), flags: event.flags };
    else if (event.type === 'vanished') yield { type: 'gone', ids: [...event.uids].map(String) };
    else if (event.type === 'new')
      yield await arrival(event.message as unknown as Row, contents, signal);
  }
  if (last !== undefined && contents) await pairs.end(last.state.modSeq);
}

async function arrival(message: Row, contents: boolean, signal: AbortSignal): Promise<Change> {
  const { uid, flags, internalDate: date, size } = message;
  const id = String(uid);
  const common = { type: 'new', id, flags, date } as const;
  if (!contents) return { ...common, content: Buffer.alloc(0) };
  if (size > heldOctets)
    return { ...common, content: { size, read: () => message.body('', { signal }) } };
  try {
    return { ...common, content: await whole(message, signal) };
  } catch (error) {
    if (!isFivewireError(error) || error.connection !== 'usable' || signal.aborted) throw error;
    return { type: 'problem', id, text: error.message };
  }
}

async function whole(message: Row, signal: AbortSignal): Promise<NewMessage['content'] & Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message.body('', { signal })) pieces.push(piece as Buffer);
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

/** As the client's `sync` keeps it. Messages that only the copy has are none of the server's. */
async function stateOf(pairs: Pairs): Promise<SyncState | undefined> {
  const { validity, modSeq } = pairs;
  if (validity === undefined) return undefined;
  const { UidSet } = await import('@fivewire/imap');
  const uids: number[] = [];
  const flags = new Map<string, number[]>();
  for (const pair of pairs.all()) {
    if (pair.gone !== undefined) continue;
    const uid = Number(pair[pairs.source]);
    uids.push(uid);
    for (const flag of flagList(pair.flags)) gather(flags, flag, uid);
  }
  const setOf = (list: number[]): string => String(UidSet.from(list.sort((x, y) => x - y)));
  return {
    uidValidity: validity,
    ...(modSeq === undefined ? {} : { modSeq }),
    uids: uids.length === 0 ? '' : setOf(uids),
    flags: Object.fromEntries([...flags].map(([flag, list]) => [flag, setOf(list)])),
  };
}
