/**
 * The body of a message or part as a `Readable` (RFC 9051 §6.4.5, BODY.PEEK[…]). Nothing is asked of the server until
 * somebody reads; what the consumer does not take stays in the socket.
 */
import { GatheringReadable } from '@fivewire/line-protocol';
import { CommandError, isFivewireError, LocalError, TransferError } from 'tls-context-core';
import type { CallOptions, StreamedSink } from './command.js';
import type { CommandRunner } from './command-runner.js';
import { syntax } from './grammar/encoder.js';
import type { FetchSection } from './grammar/fetch-data.js';
import type { Response } from './grammar/response.js';
import { noSuchPart } from './message.js';

/** What to read, checked already. */
export interface BodyRequest {
  uid: number;
  /** `''` for the whole message, `'1.2'`, `'HEADER'`, … in upper case. */
  section: string;
  /** What is known of the beginning; only the rest is fetched. */
  head?: Buffer;
  /** Rejects when the mailbox is no longer the one that was meant. */
  check(): void;
}

/** How much of a body that was given up is read and thrown away; beyond that the connection is closed instead. */
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
    if (this.#wake !== undefined) this.runner.moved();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#wake?.();
    callback(error);
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
    check();
    const partial = skip === 0 ? '' : `<${skip}.${theRest}>`;
    let answer: FetchSection | undefined;
    const sink = new BodyStreamSink(this, skip);
    await this.runner.run(
      {
        verb: 'UID FETCH',
        args: [syntax(String(uid)), syntax(`(UID BODY.PEEK[${section}]${partial})`)],
        phase: 'transfer',
        sinkFor: (text) => (belongs(text, uid) ? sink.from(originIn(text)) : undefined),
        claim: (response: Response) => {
          if (response.type !== 'fetch') return false;
          const { row } = response;
          const found = row.sections.find((candidate) => candidate.section === section);
          if (found === undefined || (row.uid !== undefined && row.uid !== uid)) return false;
          answer = found;
          return true;
        },
      },
      this.#options,
    );
    if (answer === undefined) throw gone(uid);
    if (answer.octets === null) throw noSuchPart(uid, section);
    if (answer.octets) {
      sink.from(answer.origin);
      sink.write(answer.octets);
    }
    return answer.size;
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

/** Between the reader and the stream: skips what is known, and drains what nobody wants. */
class BodyStreamSink implements StreamedSink {
  readonly #stream: BodyStream;
  readonly #known: number;
  #skip = 0;
  #drained = 0;

  constructor(stream: BodyStream, known: number) {
    this.#stream = stream;
    this.#known = known;
  }

  /** Where the octets begin that come. A server that ignores `<origin>` sends the known ones again. */
  from(origin: number | undefined): this {
    this.#skip = Math.max(0, this.#known - (origin ?? 0));
    return this;
  }

  write(octets: Buffer): boolean {
    const skipped = Math.min(this.#skip, octets.length);
    this.#skip -= skipped;
    if (this.#stream.destroyed) return this.#drain(octets.length);
    return this.#stream.give(skipped === 0 ? octets : octets.subarray(skipped));
  }

  end(): void {}

  get buffered(): number {
    return this.#stream.readableLength;
  }

  ready(): Promise<void> {
    return this.#stream.room();
  }

  #drain(octets: number): boolean {
    this.#drained += octets;
    if (this.#drained <= drainOctets) return true;
    throw new LocalError('ERR_LOCAL_IO', 'A long body was given up; its connection is closed', {
      connection: 'closed',
      retry: 'reconnect',
      hint: 'Read bodies to their end, or read long ones on a connection of their own (createImapPool).',
    });
  }
}

/** Whether a FETCH response's text, as far as it has come, is about this UID. */
function belongs(text: string, uid: number): boolean {
  const found = /[ (]UID (\d+)/i.exec(text.slice(0, 500));
  return found === null || Number(found[1]) === uid;
}

/** BODY[…]<origin> at the end of the text. */
function originIn(text: string): number | undefined {
  const found = /\]<(\d+)> *~?\{\d+\+?\}$/.exec(text.slice(-60));
  return found === null ? undefined : Number(found[1]);
}

const gone = (uid: number): CommandError =>
  new CommandError('ERR_NOT_FOUND', `The server has no body for UID ${uid}`, {
    command: 'UID FETCH',
    phase: 'transfer',
    hint: 'The message was removed meanwhile, or it has no such part.',
  });
