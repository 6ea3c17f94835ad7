/**
 * The body of a message or part as a `Readable` (RFC 9051 §6.4.5, BODY.PEEK[…]). Nothing is asked of the server until
 * a consumer reads; what the consumer does not take stays in the socket.
 */
import { aborted, GatheringReadable } from '@fivewire/line-protocol';
import { CommandError, isFivewireError, LocalError, TransferError } from 'tls-context-core';
import type { CallOptions, StreamedSink } from './command.js';
import type { CommandRunner } from './command-runner.js';
import { syntax } from './grammar/encoder.js';
import type { FetchSection } from './grammar/fetch-data.js';
import { UidSet } from './grammar/sequence-set.js';
import { noSuchPart } from './message.js';
import type { WireUse } from './wire-sharing.js';

/** What to read, checked already. */
export interface BodyRequest {
  uid: number;
  /** `''` for the whole message, `'1.2'`, `'HEADER'`, … in upper case. */
  section: string;
  /** The server is to undo the transfer encoding (BINARY, RFC 3516). */
  binary?: boolean;
  /** What is known of the beginning; only the rest is fetched. */
  head?: Buffer;
  /** Rejects when the mailbox is no longer the one that was meant. */
  check(): void;
  /** Why what came is that of another message, perhaps: the UIDs of the mailbox are void. */
  voided(): Error | undefined;
}

/** So much of a body that was given up is read and thrown away; where more is to come the connection is closed at once. */
const drainOctets = 8 << 20;
/** Octets asked for behind a known head: "the rest". Some servers count in 31 bits. */
const theRest = 2_147_483_647;

export class BodyStream extends GatheringReadable {
  readonly runner: CommandRunner;
  readonly #request: BodyRequest;
  readonly #options: CallOptions;
  #started = false;
  /** Octets pushed, the head included. */
  #octets = 0;
  /** The consumer wants no more for now. */
  #full = false;
  #wake: (() => void) | undefined;
  #sink: BodyStreamSink | undefined;
  /** The caller was told that the connection goes on: what comes is thrown away, however long it is. */
  keepsConnection = false;

  constructor(runner: CommandRunner, request: BodyRequest, options: CallOptions = {}) {
    super();
    this.runner = runner;
    this.#request = request;
    this.#options = options;
  }

  override _read(): void {
    this.#full = false;
    this.#wake?.();
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  /** While the reader waits for room, it is told that there may be some. */
  protected override taken(): void {
    if (this.#wake !== undefined) this.runner.taken();
  }

  /** The error says what became of the connection, so that is decided before a consumer can see it. */
  override destroy(error?: Error): this {
    if (this.destroyed) return this;
    return super.destroy(this.#givenUp(error ?? null) ?? undefined);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#wake?.();
    callback(error);
  }

  /** Decides what becomes of the connection when the rest of a body is not wanted: it is drained only if it is short. */
  #givenUp(error: Error | null): Error | null {
    const left = this.#sink?.left ?? 0;
    if (left <= drainOctets) {
      this.keepsConnection = error !== null;
      return error;
    }
    const closing = tooLongToDrain(left);
    this.runner.connection.fail(closing);
    if (!isAborted(error)) return error;
    const { signal } = this.#options;
    const context = { command: 'UID FETCH', phase: 'transfer' } as const;
    return this.runner.connection.locate(aborted(signal as AbortSignal, context, 'closed'));
  }

  async #run(): Promise<void> {
    const { head } = this.#request;
    try {
      if (head !== undefined) this.#give(head);
      let skip = head?.length ?? 0;
      for (;;) {
        const size = await this.#fetch(skip);
        if (skip === 0 || size < theRest) break;
        skip += size;
      }
      this.push(null);
    } catch (error) {
      this.destroy(this.#explained(error));
    }
  }

  /** The octets from `skip` on; those before are known. @returns how many the server sent */
  async #fetch(skip: number): Promise<number> {
    const { uid, section, check } = this.#request;
    const uids = UidSet.from(uid);
    // Beside other fetches a row without UID could be that of another command. Then the body is asked for once more, alone.
    for (const wire of [{ as: 'body', uids } as const, undefined]) {
      check();
      const answer = await this.#ask(skip, wire);
      const voided = this.#request.voided();
      if (voided !== undefined) throw voided;
      if (answer === 'nameless') continue;
      if (answer === undefined) throw gone(uid);
      if (answer.octets === null) throw noSuchPart(uid, section);
      if (answer.octets !== undefined) {
        this.#checkOrigin(skip, answer.origin);
        const sink = new BodyStreamSink(this, skip, answer.octets.length);
        sink.from(answer.origin).write(answer.octets);
      }
      return answer.size;
    }
    throw gone(uid);
  }

  async #ask(
    skip: number,
    wire: WireUse | undefined,
  ): Promise<FetchSection | 'nameless' | undefined> {
    const { uid, section, binary = false } = this.#request;
    const item = binary ? 'BINARY' : 'BODY';
    const partial = skip === 0 ? '' : `<${skip}.${theRest}>`;
    let answer: FetchSection | undefined;
    let nameless = false;
    this.#sink = undefined;
    await this.runner.run(
      {
        verb: 'UID FETCH',
        args: [syntax(String(uid)), syntax(`(UID ${item}.PEEK[${section}]${partial})`)],
        phase: 'transfer',
        answeredBy: [],
        ...(wire === undefined ? {} : { wire }),
        sinkFor: (text, size, sole) => {
          const told = uidIn(text);
          if (told === undefined ? !sole() : told !== uid) return undefined;
          const origin = originIn(text);
          this.#checkOrigin(skip, origin);
          this.#sink = new BodyStreamSink(this, skip, size).from(origin);
          return this.#sink;
        },
        claim: (response, _frame, sole) => {
          if (response.type !== 'fetch') return false;
          const { row } = response;
          const found = row.sections.find(
            (candidate) => candidate.section === section && candidate.binary === binary,
          );
          if (found === undefined || (row.uid !== undefined && row.uid !== uid)) return false;
          if (row.uid === undefined && !sole()) {
            nameless = true;
            return false;
          }
          // A long body whose UID came behind it found no sink.
          if (found.octets === undefined && this.#sink === undefined) nameless = true;
          else answer = found;
          return true;
        },
      },
      this.#options,
    );
    this.#sink = undefined;
    return answer ?? (nameless ? 'nameless' : undefined);
  }

  /** What comes must not leave a gap behind what is known. Where all was asked for, an origin is a slip of the server's. */
  #checkOrigin(known: number, origin: number | undefined): void {
    if (known === 0 || origin === undefined || origin <= known) return;
    const { connection } = this.runner;
    throw connection.malformed(`octets from ${known} on`, `<${origin}>`, {
      command: 'UID FETCH',
      phase: 'transfer',
    });
  }

  /** Hands octets on; false when the consumer wants to rest. */
  give(octets: Buffer): boolean {
    if (!this.destroyed) this.#give(octets);
    return this.destroyed || !this.#full;
  }

  #give(octets: Buffer): void {
    this.#octets += octets.length;
    if (octets.length > 0 && !this.push(octets)) this.#full = true;
  }

  /** Resolves when the consumer reads on, or is gone. */
  room(): Promise<void> {
    if (this.destroyed || !this.#full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #explained(error: unknown): Error {
    if (!isFivewireError(error) || this.#octets === 0) return error as Error;
    if (error.code === 'ERR_COMMAND_REJECTED' || error.connection === 'usable') return error;
    return this.runner.connection.locate(
      new TransferError(
        'ERR_TRANSFER_INCOMPLETE',
        `The body ended after ${this.#octets} octets: ${error.message}`,
        {
          cause: error,
          octets: this.#octets,
          retry: 'reconnect',
          phase: 'transfer',
          hint: 'What you have is not the whole body. Connect again and read it anew.',
        },
      ),
    );
  }
}

/** Between the reader and the stream: skips what is known, and drains what the consumer does not want. */
class BodyStreamSink implements StreamedSink {
  readonly #stream: BodyStream;
  readonly #known: number;
  #skip = 0;
  /** Octets of the literal that have not come. */
  left: number;

  constructor(stream: BodyStream, known: number, size: number) {
    this.#stream = stream;
    this.#known = known;
    this.left = size;
  }

  /** Where the octets begin that come. A server that ignores `<origin>` sends the known ones again. */
  from(origin: number | undefined): this {
    this.#skip = Math.max(0, this.#known - (origin ?? 0));
    return this;
  }

  write(octets: Buffer): boolean {
    this.left -= octets.length;
    const skipped = Math.min(this.#skip, octets.length);
    this.#skip -= skipped;
    if (!this.#stream.destroyed)
      return this.#stream.give(skipped === 0 ? octets : octets.subarray(skipped));
    if (this.left > drainOctets && !this.#stream.keepsConnection) throw tooLongToDrain(this.left);
    return true;
  }

  end(): void {}

  get buffered(): number {
    return this.#stream.readableLength;
  }

  ready(): Promise<void> {
    return this.#stream.room();
  }
}

const tooLongToDrain = (left: number): LocalError =>
  new LocalError(
    'ERR_LOCAL_IO',
    `A body was given up with ${left} octets to come; its connection is closed`,
    {
      connection: 'closed',
      retry: 'reconnect',
      hint: 'Read bodies to their end, or read long ones on a connection of their own (createImapPool).',
    },
  );

const isAborted = (error: Error | null): boolean =>
  isFivewireError(error) && error.code === 'ERR_ABORTED';

/** The UID in a FETCH response's text, as far as it has come. */
function uidIn(text: string): number | undefined {
  // The last row of the line: some servers put two of them on one.
  const row = text.slice([...text.matchAll(rowBegins)].at(-1)?.index ?? 0);
  const found = /[ (\t]UID[ \t]+(\d+)/i.exec(row.slice(0, 500));
  return found === null ? undefined : Number(found[1]);
}

const rowBegins = /\*[ \t]+\d+[ \t]+(?:UID)?FETCH[ \t]+\(/gi;

/** BODY[…]<origin> at the end of the text. */
function originIn(text: string): number | undefined {
  const found = /\]<(\d+)(?:\.\d+)?> *~?\{\d+\+?\} *$/.exec(text.slice(-80));
  return found === null ? undefined : Number(found[1]);
}

const gone = (uid: number): CommandError =>
  new CommandError('ERR_NOT_FOUND', `The server has no body for UID ${uid}`, {
    command: 'UID FETCH',
    phase: 'transfer',
    hint: 'The message was removed meanwhile, or it has no such part.',
  });
