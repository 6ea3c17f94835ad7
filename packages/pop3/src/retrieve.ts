/** RETR (RFC 1939 §5) and TOP (§7): messages as streams, one or many in a pipeline. */
import {
  type Asked,
  askAhead,
  type BodyCommand,
  type BodyDecoder,
  type BodySource,
  type Decoded,
  DotDecoder,
  finalDotOctets,
  type ItemError,
  isBegun,
  type PacedBody,
  type PlainReply,
  plainEnd,
  ReplyBody,
  type Rules,
  rules,
  type Turn,
  type Wait,
} from '@fivewire/line-protocol';
import { commandError, type Response } from './response.js';
import { messageNumber, type Session } from './session.js';
import type { CallOptions, Message, Retrieved } from './types.js';

export interface RetrieveAllOptions extends CallOptions {
  /** The most commands under way at once, from 1. Default 256; without PIPELINING always 1. */
  window?: number;
}

export const retrieveAllRules: Rules<RetrieveAllOptions> = {
  ...rules.callRules,
  window: rules.positive,
};

export const isIterable = <T>(value: T | Iterable<T>): value is Iterable<T> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

const LF = 10;
const CR = 13;
const SP = 32;
const PLUS = 43;
const K = 75;
const O = 79;
const isOk = (octets: Buffer, at: number): boolean =>
  octets[at] === PLUS &&
  octets[at + 1] === O &&
  octets[at + 2] === K &&
  (octets[at + 3] === SP || octets[at + 3] === CR);
const plainOk: Response = { ok: true, code: undefined, text: '' };

/** RETR or TOP of one message. */
class Retrieval implements BodyCommand<Response>, BodyDecoder {
  readonly text: string;
  readonly #session: Session;
  readonly #number: number;
  readonly #isWhole: boolean;
  readonly #timeout: number | undefined;
  /** How many surprises there had been when it went out. */
  #surprises: number;
  #dots: DotDecoder | undefined = undefined;
  /** Its own body, to tell a problem of. */
  #body: PacedBody | undefined = undefined;
  #octets = 0;
  #used = 0;

  /** @param lines of the body, after TOP */
  constructor(session: Session, number: number, { timeout }: CallOptions, lines?: number) {
    const which = messageNumber(number);
    this.text = lines === undefined ? `RETR ${which}` : `TOP ${which} ${lines}`;
    this.#session = session;
    this.#number = number;
    this.#isWhole = lines === undefined;
    this.#timeout = timeout;
    this.#surprises = session.surprises;
  }

  prepare(turn: Turn): Promise<void> | undefined {
    const session = this.#session;
    this.#surprises = session.surprises;
    return session.settle(turn, this.#timeout)?.then(() => {
      this.#surprises = session.surprises;
    });
  }

  get wait(): Wait {
    return {
      phase: 'transfer',
      timeout: this.#timeout ?? this.#session.transport.timeouts.stall,
      command: this.text,
      hint: 'The server stopped inside the message. Some (old Exchange) glue the final dot to a last line without an end; `timeouts.stall` allows more time.',
    };
  }

  /** `+OK`, and a body whose end is here: of the length that LIST said, if it did. */
  static plain(
    octets: Buffer,
    at: number,
    asked: readonly Asked<number, Response>[],
    first: number,
    end: number,
  ): PlainReply<Response>[] {
    const replies: PlainReply<Response>[] = [];
    for (let i = first; i < end; i++) {
      const command = asked[i]?.command;
      if (!(command instanceof Retrieval) || !isOk(octets, at)) break;
      const session = command.#session;
      const from = octets.indexOf(LF, at) + 1;
      const isLine = octets[from - 2] === CR && from - at <= session.limits.responseOctets;
      if (from === 0 || !isLine || session.surprises !== command.#surprises) break;
      const over = plainEnd(octets, from);
      const length = over - from;
      const promised = session.sizes.get(command.#number) ?? length;
      const { messageOctets } = session.limits;
      if (over < 0 || length + finalDotOctets > messageOctets || length !== promised) break;
      const used = over + finalDotOctets - at;
      replies.push({ head: plainOk, content: octets.subarray(from, over), used });
      at += used;
    }
    return replies;
  }

  static begun(octets: Buffer, at: number): boolean {
    return isOk(octets, at) && isBegun(octets, at);
  }

  get headWait(): Wait {
    return this.#session.wait(this.text, 'command', this.#timeout);
  }

  readHead(): Response | Promise<Response> {
    const session = this.#session;
    const here = session.takeResponse(this.text);
    if (here !== undefined) return this.#accept(here);
    return session.readResponse(this.headWait).then((response) => this.#accept(response));
  }

  decoder(_: Response, body: PacedBody): BodyDecoder {
    this.#body = body;
    return this;
  }

  /** Counts: a message that goes on and on is none, and at its end it should have the length that was promised. */
  decode(octets: Buffer): Decoded {
    const session = this.#session;
    this.#dots ??= new DotDecoder(session.connection);
    const decoded = this.#dots.decode(octets);
    const { messageOctets } = session.limits;
    this.#used += decoded.used;
    if (this.#used > messageOctets) {
      const command = this.text;
      throw session.connection.exceeded('messageOctets', messageOctets, { command });
    }
    for (const piece of decoded.content) this.#octets += piece.length;
    if (decoded.done && this.#body !== undefined) this.#ended(this.#octets, this.#body);
    return decoded;
  }

  #accept(response: Response): Response | Promise<Response> {
    const session = this.#session;
    if (session.surprises !== this.#surprises) return this.#disown(response);
    if (response.ok) return response;

    throw session.connection.locate(commandError(response, this.text), { phase: 'command' });
  }

  async #disown(response: Response): Promise<Response> {
    const session = this.#session;
    if (response.ok) await session.drain(this, this.wait);
    throw session.disowned(this.text);
  }

  #ended(octets: number, body: PacedBody): void {
    const session = this.#session;
    const size = this.#isWhole ? session.sizes.get(this.#number) : undefined;
    if (size === undefined || size === octets) return;
    body.problem = `message ${this.#number} has ${octets} octets, and LIST said ${size}`;
    session.surprised(this.#number, body.problem);
  }
}

const sourceOf = ({ queue, connection, limits }: Session, { signal }: CallOptions): BodySource => ({
  queue,
  connection,
  aheadOctets: limits.aheadOctets,
  signal,
});

/** A message, or with `lines` its head and so many lines of its body. */
export function messageBody(
  session: Session,
  number: number,
  options: CallOptions,
  lines?: number,
): Message {
  const command = new Retrieval(session, number, options, lines);
  return new ReplyBody(sourceOf(session, options), command, session.pipelined);
}

export function retrieveAll(
  session: Session,
  numbers: Iterable<number> | AsyncIterable<number>,
  { window = 256, ...options }: RetrieveAllOptions,
): AsyncGenerator<Retrieved, void, undefined> {
  const source = sourceOf(session, options);
  return askAhead<number, Response, Retrieved>(numbers, {
    ...source,
    pipelined: () => session.pipelined,
    command: (number) => new Retrieval(session, number, options),
    plain: Retrieval.plain,
    begun: Retrieval.begun,
    give: (number, body) => new Given(number, body),
    async refuse(number, error) {
      if (error.code !== 'ERR_TRANSFER_INCOMPLETE') return { ok: false, number, error };
      const command = new Retrieval(session, number, options);
      const body = new ReplyBody(source, command, session.pipelined);
      return body.head().then(
        () => new Given(number, body),
        (refused: ItemError) => {
          if (refused.connection === 'closed') throw refused;
          return { ok: false, number, error: refused };
        },
      );
    },
    argument: 'numbers',
    window,
  });
}

class Given {
  readonly ok = true;
  readonly number: number;
  readonly message: Message;
  constructor(number: number, message: Message) {
    this.number = number;
    this.message = message;
  }
  get problem(): string | undefined {
    return this.message.problem;
  }
}
