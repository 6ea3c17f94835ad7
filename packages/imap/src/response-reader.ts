/**
 * From a connection's lines and octets to frames (RFC 9051 §2.2.2). Short literals go into the frame; a long body goes
 * to a sink as it comes, so that it is never held whole.
 */
import type { LineConnection } from '@fivewire/line-protocol';
import {
  beginsResponse,
  beginsUntagged,
  type Frame,
  FrameBuilder,
  isBodyLiteral,
  type LiteralMark,
} from './grammar/frame.js';
import type { ImapLimits } from './limits.js';

/** Where the octets of a long body go. */
export interface BodySink {
  /** False when {@link room} should be awaited before more. */
  write(octets: Buffer): boolean;
  /** The literal is whole. */
  end(): void;
}

export interface ReaderOptions {
  limits: ImapLimits;
  /** Who wants the body whose announcement ends this text; `undefined`: it is read and thrown away. */
  sinkFor(text: string, size: number): BodySink | undefined;
  /** Waits for more octets from the server. */
  fill(phase: 'command' | 'transfer'): Promise<void>;
  /** Waits until a sink takes more; `left` octets of its body are still to come. */
  room(sink: BodySink, left: number): Promise<void>;
}

/** Lines that are added to a frame at most. Each time it is parsed anew. */
const mostReopened = 20;
/** Octets that are parsed again in all: each time costs the whole length. */
const mostOctetsAgain = 1 << 20;

/** A literal that is kept may keep so many times its own size alive. */
const mostKeptAlive = 32;

/** A slice keeps the whole chunk of the socket alive: only what is a fair part of it is no copy. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  if (only === undefined || pieces.length > 1) return Buffer.concat(pieces);
  return only.length * mostKeptAlive < only.buffer.byteLength ? Buffer.from(only) : only;
}

interface PendingLiteral {
  mark: LiteralMark;
  left: number;
  /** Where it goes: into the frame, to a sink, or nowhere. */
  kept: Buffer[] | undefined;
  sink: BodySink | undefined;
}

export class ResponseReader {
  readonly #connection: LineConnection;
  readonly #options: ReaderOptions;
  readonly #builder = new FrameBuilder();
  #pending: PendingLiteral | undefined;
  /** Octets of the frame so far that we hold. */
  #held = 0;
  /** A frame to which the next line belongs, unless it begins a response. */
  #torn: Frame | undefined;
  #heldLine: string | undefined;

  constructor(connection: LineConnection, options: ReaderOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** The next frame that has come whole, without waiting: a batch of them costs no promise each. */
  take(): Frame | undefined {
    for (;;) {
      if (
        this.#pending !== undefined &&
        (this.#pending.sink !== undefined || !this.#takeLiteral(this.#pending))
      ) {
        return undefined;
      }
      const line = this.#heldLine ?? this.#connection.takeLine();
      if (line === undefined) return undefined;
      this.#heldLine = undefined;
      const torn = this.#torn;
      if (torn !== undefined) {
        this.#torn = undefined;
        if (beginsResponse(line)) {
          this.#heldLine = line;
          return { ...torn, reopened: mostReopened };
        }
        this.#builder.reopen(torn);
      }
      if (this.#builder.isBehindLiteral && beginsUntagged(line)) {
        this.#heldLine = line;
        this.#held = 0;
        return this.#builder.finish();
      }
      this.#hold(line.length);
      const mark = this.#builder.line(line);
      if (mark === undefined) {
        this.#held = 0;
        return this.#builder.finish();
      }
      this.#pending = this.#expect(mark);
    }
  }

  /** Takes a frame back that ends in the middle of a string. False when that has gone on for too long. */
  tear(frame: Frame): boolean {
    const times = frame.reopened ?? 0;
    if (times >= mostReopened || times * frame.text.length > mostOctetsAgain) return false;
    this.#torn = frame;
    return true;
  }

  /** Waits for what {@link take} is missing: octets from the server, or the end of a body that is being streamed. */
  async more(): Promise<void> {
    if (this.#pending?.sink === undefined) await this.#options.fill('command');
    else await this.#stream(this.#pending, this.#pending.sink);
  }

  #expect(mark: LiteralMark): PendingLiteral {
    const { limits } = this.#options;
    const kept = { mark, left: mark.size, kept: [], sink: undefined };
    if (mark.size <= limits.literalOctets) {
      this.#hold(mark.size);
      return kept;
    }
    const isBody = isBodyLiteral(this.#builder.text, mark);
    if (!isBody || !Number.isFinite(mark.size)) {
      throw this.#connection.exceeded('literalOctets', limits.literalOctets);
    }
    return {
      mark,
      left: mark.size,
      kept: undefined,
      sink: this.#options.sinkFor(this.#builder.text, mark.size),
    };
  }

  /** Moves what has come of a literal; true when it is whole. */
  #takeLiteral(literal: PendingLiteral): boolean {
    while (literal.left > 0) {
      const octets = this.#connection.takeOctets(literal.left);
      if (octets === undefined) return false;
      literal.left -= octets.length;
      literal.kept?.push(octets);
    }
    this.#finish(literal);
    return true;
  }

  async #stream(literal: PendingLiteral, sink: BodySink): Promise<void> {
    const { fill, room } = this.#options;
    while (literal.left > 0) {
      this.#connection.joinOctets();
      const octets = this.#connection.takeOctets(literal.left);
      if (octets === undefined) {
        await fill('transfer');
        continue;
      }
      literal.left -= octets.length;
      if (!sink.write(octets)) await room(sink, literal.left);
    }
    this.#finish(literal);
    sink.end();
  }

  #finish(literal: PendingLiteral): void {
    this.#builder.literal(literal.mark, literal.kept && joined(literal.kept));
    this.#pending = undefined;
  }

  #hold(octets: number): void {
    this.#held += octets;
    const { responseOctets } = this.#options.limits;
    if (this.#held > responseOctets)
      throw this.#connection.exceeded('responseOctets', responseOctets);
  }
}
