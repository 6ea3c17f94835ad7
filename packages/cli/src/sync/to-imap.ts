/**
 * Mail into a mailbox on an IMAP server. Before messages go out their names are noted: where a kill leaves open whether they were
 * stored, the next run looks for messages with the same octets, and never for a header field that anybody may have written.
 */
import { createHash } from 'node:crypto';
import type { ImapClient, Mailbox } from '@fivewire/imap';
import { isFivewireError } from 'tls-context-core';
import type { Context } from '../context.js';
import { line } from '../output.js';
import { gather } from './gather.js';
import { isHeld, type NewMessage, type Stored, sizeOf, type Target } from './message.js';
import { flagList, type Pairs } from './pairs.js';

export class ToImap implements Target {
  readonly #imap: ImapClient;
  readonly #mailbox: Mailbox;
  readonly #pairs: Pairs;
  readonly #context: Context;
  /** UIDs of messages without a pair, by their size; undefined where there can be no copy among them. */
  #unclaimed: Map<number, number[]> | undefined;
  readonly #digests = new Map<number, string>();
  /** Messages that this run has stored or found. */
  readonly #claimed = new Set<number>();
  /** From here on are the messages of this run. */
  #from: number;

  static async open(
    imap: ImapClient,
    name: string,
    pairs: Pairs,
    context: Context,
  ): Promise<{ target: ToImap; close(): Promise<void> }> {
    const { signal } = context;
    const open = (): Promise<Mailbox> => imap.open(name, { signal });
    const mailbox = await open().catch(async (error) => {
      if (!isMissing(error)) throw error;
      await imap.create(name, { signal });
      return open();
    });
    if (mailbox.uidValidity !== undefined) await pairs.validate('target', mailbox.uidValidity);
    const target = new ToImap(imap, mailbox, pairs, context);
    if (pairs.isUnsure) await target.#look('1:*');
    return { target, close: () => mailbox.close() };
  }

  private constructor(imap: ImapClient, mailbox: Mailbox, pairs: Pairs, context: Context) {
    this.#imap = imap;
    this.#mailbox = mailbox;
    this.#pairs = pairs;
    this.#context = context;
    this.#from = mailbox.uidNext ?? 1;
  }

  async put(messages: readonly NewMessage[]): Promise<readonly Stored[]> {
    const found: (Stored | undefined)[] = [];
    for (const message of messages) found.push(await this.#find(message));
    const missing = messages.filter((_, at) => found[at] === undefined);
    const stored = missing.length === 0 ? [] : await this.#append(missing);
    for (const one of stored) if ('id' in one) this.#claimed.add(Number(one.id));
    return found.map((one) => one ?? (stored.shift() as Stored));
  }

  async setFlags(
    changes: readonly { id: string; before: string; flags: readonly string[] }[],
  ): Promise<void> {
    const { signal } = this.#context;
    const [added, removed] = [new Map<string, number[]>(), new Map<string, number[]>()];
    for (const { id, before, flags } of changes) {
      const was = new Set(flagList(before));
      for (const flag of this.#keepable(flags))
        if (!was.delete(flag)) gather(added, flag, Number(id));
      for (const flag of was) if (!flags.includes(flag)) gather(removed, flag, Number(id));
    }
    for (const [flag, uids] of added) await this.#mailbox.addFlags(uids, [flag], { signal });
    for (const [flag, uids] of removed) await this.#mailbox.removeFlags(uids, [flag], { signal });
  }

  async remove(ids: readonly string[]): Promise<void> {
    const { signal } = this.#context;
    const uids = ids.map(Number);
    await this.#mailbox.addFlags(uids, ['\\Deleted'], { signal });
    await this.#mailbox.expunge(uids, { signal });
  }

  async #append(messages: readonly NewMessage[]): Promise<Stored[]> {
    const { signal } = this.#context;
    await this.#pairs.sending(messages.map(({ id }) => id));
    try {
      const results = await this.#imap.appendMany(
        this.#mailbox.name,
        messages.map((message) => this.#outgoing(message)),
        { signal },
      );
      if (results.every(({ uid }) => uid !== undefined))
        return results.map(({ uid }) => ({ id: String(uid) }));
    } catch (error) {
      if (!isRefusal(error) || signal.aborted) throw error;
      if (messages.length === 1) return [{ problem: line((error as Error).message) }];
    }
    return this.#oneByOne(messages);
  }

  /** Where the server does not tell UIDs, or has refused one of several: each is looked for first. */
  async #oneByOne(messages: readonly NewMessage[]): Promise<Stored[]> {
    const { signal } = this.#context;
    const stored: Stored[] = [];
    await this.#look(`${this.#from}:*`);
    for (const message of messages) {
      let found = await this.#find(message);
      if (found === undefined) {
        try {
          const { uid } = await this.#imap.append(
            this.#mailbox.name,
            isHeld(message.content) ? message.content : message.content.read(),
            this.#attributes(message),
          );
          if (uid !== undefined) {
            found = { id: String(uid) };
            this.#claimed.add(uid);
          } else {
            await this.#look(`${this.#from}:*`);
            found = (await this.#find(message)) ?? {
              problem: 'The server has stored it, and shows no message with its octets',
            };
          }
        } catch (error) {
          if (!isRefusal(error) || signal.aborted) throw error;
          found = { problem: line((error as Error).message) };
        }
      }
      stored.push(found);
    }
    return stored;
  }

  #outgoing(message: NewMessage) {
    const body = isHeld(message.content) ? message.content : message.content.read();
    return { body, ...this.#attributes(message) };
  }

  #attributes({ flags, date, content }: NewMessage) {
    return {
      flags: this.#keepable(flags),
      size: sizeOf(content),
      ...(date === undefined ? {} : { date }),
    };
  }

  /** Flags that the mailbox takes; others would have the message refused. */
  #keepable(flags: readonly string[]): string[] {
    const { permanentFlags } = this.#mailbox;
    if (permanentFlags === undefined || permanentFlags.includes('\\*')) return [...flags];
    const taken = new Set(permanentFlags.map((flag) => flag.toLowerCase()));
    return flags.filter((flag) => taken.has(flag.toLowerCase()));
  }

  async #look(uids: string): Promise<void> {
    const { signal } = this.#context;
    const unclaimed = new Map<number, number[]>();
    if (this.#mailbox.exists !== 0) {
      for await (const { uid, size } of this.#mailbox.fetch(uids, { size: true }, { signal }))
        if (!this.#claimed.has(uid) && this.#pairs.ofTarget(String(uid)) === undefined)
          gather(unclaimed, size, uid);
    }
    this.#unclaimed = unclaimed;
  }

  /** A message of the same octets that belongs to no other pair. */
  async #find({ content }: NewMessage): Promise<Stored | undefined> {
    const alike = this.#unclaimed?.get(sizeOf(content));
    if (alike === undefined || alike.length === 0) return undefined;
    const wanted = await digestOf(isHeld(content) ? [content] : content.read());
    for (const uid of alike) {
      if ((await this.#digest(uid)) !== wanted) continue;
      alike.splice(alike.indexOf(uid), 1);
      this.#claimed.add(uid);
      return { id: String(uid) };
    }
    return undefined;
  }

  async #digest(uid: number): Promise<string> {
    const known = this.#digests.get(uid);
    if (known !== undefined) return known;
    const { signal } = this.#context;
    let digest = '';
    for await (const message of this.#mailbox.fetch(uid, { bodies: [''] }, { signal }))
      digest = await digestOf(message.body('', { signal }));
    this.#digests.set(uid, digest);
    return digest;
  }
}

async function digestOf(octets: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of octets) hash.update(piece);
  return hash.digest('hex');
}

const isRefusal = (error: unknown): boolean =>
  isFivewireError(error) && error.code === 'ERR_COMMAND_REJECTED' && error.connection === 'usable';

/** RFC 5530 §3; and what servers without response codes say. */
function isMissing(error: unknown): boolean {
  if (!isFivewireError(error)) return false;
  const { reply } = error as { reply?: { enhanced?: string; text: string } };
  return (
    error.code === 'ERR_NOT_FOUND' ||
    /^(NONEXISTENT|TRYCREATE)/.test(reply?.enhanced ?? '') ||
    /(doesn.t|does not) exist|no such (mailbox|folder)|unknown (mailbox|folder)/i.test(
      reply?.text ?? '',
    )
  );
}
