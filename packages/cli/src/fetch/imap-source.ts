/** New mail of an IMAP mailbox: UIDs that were not fetched before, under the same UIDVALIDITY (RFC 9051 §2.3.1.1). */
import type { ImapClient, Mailbox } from '@fivewire/imap';
import { exitCodes, Failure } from '../exit-code.js';
import { line } from '../output.js';
import { byOwnName } from '../own-mailboxes.js';
import type { Arrivals, SourceOptions } from './source.js';

/** Asked for together: what their beginnings take in memory stays small. */
const batchSize = 32;

export async function* imapArrivals(
  imap: ImapClient,
  { account, name }: { account: string; name: string },
  options: SourceOptions,
): Arrivals {
  const { seen, remove, limit, signal } = options;
  const mailbox = await byOwnName(imap, name, { signal }, (own) =>
    imap.open(own, { readOnly: !remove, signal }),
  );
  const { uidValidity } = mailbox;
  if (uidValidity === undefined)
    throw new Failure(
      exitCodes.unavailable,
      `UIDs in ${line(name)} do not last: nobody can know what is new`,
      {
        hint: 'The server says UIDNOTSTICKY. Use fivewire get, or POP3.',
      },
    );
  const box = `${account}/${encodeURIComponent(mailbox.name)};UIDVALIDITY=${uidValidity}`;
  const present = [...(await mailbox.search({}, { signal }))];
  const remover = new Remover(mailbox, options);
  if (remove) await remover.remove(present.filter((uid) => seen.has(box, uid)));
  const isNew = (uid: number): boolean => !seen.has(box, uid);
  const fresh = (await wantedOf(mailbox, present, isNew, options)).slice(0, limit);
  for (let at = 0; at < fresh.length; at += batchSize) {
    const batch = fresh.slice(at, at + batchSize);
    const safe: number[] = [];
    for await (const message of mailbox.fetch(
      batch,
      { bodies: [''], internalDate: true },
      { signal },
    )) {
      const { uid } = message;
      yield {
        box,
        id: uid,
        body: message.body('', { signal }),
        arrived: message.internalDate,
        async done() {
          await seen.add(box, uid);
          safe.push(uid);
        },
      };
    }
    if (remove) await remover.remove(safe);
  }
  await mailbox.close();
}

/** Narrowed by a search, then read in the rows: some servers pass over what they do not know in a search and find everything. */
async function wantedOf(
  mailbox: Mailbox,
  present: readonly number[],
  isNew: (uid: number) => boolean,
  { unseen, maxSize, signal }: SourceOptions,
): Promise<number[]> {
  if (!unseen && maxSize === Number.POSITIVE_INFINITY) return present.filter(isNew);
  const query = {
    ...(unseen ? { seen: false } : {}),
    ...(maxSize === Number.POSITIVE_INFINITY ? {} : { smaller: maxSize + 1 }),
  };
  const found = [...(await mailbox.search(query, { signal }))].filter(isNew);
  const not = new Set<number>();
  if (found.length > 0)
    for await (const row of mailbox.fetch(found, { flags: true, size: true }, { signal })) {
      const isRead = row.flags?.some((flag) => flag.toLowerCase() === '\\seen') ?? false;
      if ((unseen && isRead) || (row.size ?? 0) > maxSize) not.add(row.uid);
    }
  return found.filter((uid) => !not.has(uid));
}

/** \Deleted, then UID EXPUNGE of these alone: what others have marked stays. */
class Remover {
  readonly #mailbox: Mailbox;
  readonly #options: SourceOptions;
  #warned = false;

  constructor(mailbox: Mailbox, options: SourceOptions) {
    this.#mailbox = mailbox;
    this.#options = options;
  }

  async remove(uids: readonly number[]): Promise<void> {
    const { signal, warn } = this.#options;
    const old = await this.#old(uids);
    if (old.length === 0) return;
    await this.#mailbox.addFlags(old, ['\\Deleted'], { signal });
    try {
      await this.#mailbox.expunge(old, { signal });
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_EXTENSION_REQUIRED') throw error;
      if (!this.#warned)
        warn(
          'The server has no UIDPLUS: messages are marked as deleted and stay until somebody expunges.',
        );
      this.#warned = true;
    }
  }
  /** Those that need not be kept any longer. */
  async #old(uids: readonly number[]): Promise<readonly number[]> {
    const { keepDays, signal } = this.#options;
    if (keepDays === 0 || uids.length === 0) return uids;
    const time = Date.now() - keepDays * 86_400_000;
    const old: number[] = [];
    const dates = this.#mailbox.fetch(uids, { internalDate: true }, { signal });
    for await (const { uid, internalDate } of dates)
      if (internalDate !== undefined && internalDate.getTime() < time) old.push(uid);
    return old;
  }
}
