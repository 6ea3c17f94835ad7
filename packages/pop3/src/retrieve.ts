/** RETR (RFC 1939 §5) and TOP (§7): messages as streams, one or many in a pipeline. */
import {
  type AskedBody,
  askAhead,
  type BodyDecoder,
  commandLine,
  type Decoded,
  DotDecoder,
  type ItemError,
  type LineConnection,
  ReplyBody,
  type Rules,
  rules,
  TransferError,
  type Wait,
} from '@fivewire/line-protocol';
import { commandError, type Response } from './response.js';
import { messageNumber, type Session } from './session.js';
import type { CallOptions, Retrieved } from './types.js';

export interface RetrieveAllOptions extends CallOptions {
  /** The most commands under way at once, from 1. Default 32; without PIPELINING always 1. */
  window?: number;
}

export const retrieveAllRules: Rules<RetrieveAllOptions> = {
  ...rules.callRules,
  window: rules.positive,
};

export const isIterable = <T>(value: T | Iterable<T>): value is Iterable<T> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

/** A message as octets, and what was wrong with it: known at its end. */
export class MessageBody extends ReplyBody<Response> {
  /** Why this may be no whole message, or more than one: it has another length than LIST said. `undefined` where all is well. */
  problem: string | undefined;
}

export function messageBody(
  session: Session,
  args:
    | readonly [verb: 'RETR', number: number]
    | readonly [verb: 'TOP', number: number, lines: string],
  { signal, timeout }: CallOptions,
  asked?: AskedBody,
): MessageBody {
  const { connection, queue, limits, transport, surprises } = session;
  const [verb, number, ...lines] = args;
  const line = commandLine(verb, [messageNumber(number), ...lines]);
  const decoder = (): SizedDecoder =>
    new SizedDecoder(new DotDecoder(connection), {
      limit: limits.messageOctets,
      exceeded: () =>
        connection.exceeded('messageOctets', limits.messageOctets, { command: line.masked }),
      ended(octets) {
        const size = verb === 'RETR' ? session.sizes.get(number) : undefined;
        if (size === undefined || size === octets) return;
        body.problem = `message ${number} has ${octets} octets, and LIST said ${size}`;
        session.surprised(body.problem);
      },
    });
  const wait = {
    phase: 'transfer',
    timeout: timeout ?? transport.timeouts.stall,
    command: line.masked,
    hint: 'The server stopped inside the message. Some (old Exchange) glue the final dot to a last line without an end; `timeouts.stall` allows more time.',
  } as const;
  const accept = (response: Response): Response | Promise<Response> => {
    if (session.surprises !== surprises) return disown(response);
    if (response.ok) return response;
    throw connection.locate(commandError(response, line.masked), { phase: 'command' });
  };
  /** Asked for before a surprise: whose reply this is can't be known. */
  const disown = async (response: Response): Promise<Response> => {
    if (response.ok) await drain(connection, decoder(), wait);
    throw connection.locate(
      new TransferError(
        'ERR_TRANSFER_INCOMPLETE',
        'An earlier message was longer or shorter than LIST said, so that this reply may belong to another message',
        {
          connection: 'usable',
          retry: 'later',
          phase: 'transfer',
          command: line.masked,
          hint: 'Ask again: commands go out one at a time now.',
        },
      ),
    );
  };
  const body: MessageBody = new MessageBody({
    queue,
    connection,
    line,
    pipelined: session.pipelined,
    readHead() {
      const here = session.takeResponse('command', line.masked);
      return here === undefined
        ? session.readResponse(session.wait(line, 'command', timeout)).then(accept)
        : accept(here);
    },
    decoder,
    wait,
    aheadOctets: limits.aheadOctets,
    ...asked,
    signal,
  });
  return body;
}

export function retrieveAll(
  session: Session,
  numbers: Iterable<number> | AsyncIterable<number>,
  { window = 32, ...options }: RetrieveAllOptions,
): AsyncGenerator<Retrieved, void, undefined> {
  const ask = (number: number, asked?: AskedBody): MessageBody =>
    messageBody(session, ['RETR', number], options, asked);
  const given = (number: number, message: MessageBody): Retrieved => ({
    ok: true,
    number,
    message,
    get problem() {
      return message.problem;
    },
  });
  return askAhead<number, Response, Retrieved>(numbers, {
    ask,
    give: (number, body) => given(number, body as MessageBody),
    async refuse(number, error) {
      if (error.code !== 'ERR_TRANSFER_INCOMPLETE') return { ok: false, number, error };
      await session.inStep();
      const body = ask(number);
      return body.head().then(
        () => given(number, body),
        (refused: ItemError) => {
          if (refused.connection === 'closed') throw refused;
          return { ok: false, number, error: refused };
        },
      );
    },
    argument: 'numbers',
    window: session.pipelined ? window : 1,
  });
}

async function drain(connection: LineConnection, decoder: BodyDecoder, wait: Wait): Promise<void> {
  for (;;) {
    const octets = connection.peekOctets();
    if (octets === undefined) {
      await connection.fill(wait);
      continue;
    }
    const { used, done } = decoder.decode(octets);
    connection.consumeOctets(used);
    if (done) return;
  }
}

/** Counts: a message that goes on and on is none, and at its end it should have the length that was promised. */
class SizedDecoder implements BodyDecoder {
  #decoder: DotDecoder;
  #octets = 0;
  #used = 0;
  #to: { limit: number; exceeded: () => Error; ended: (octets: number) => void };
  constructor(
    decoder: DotDecoder,
    to: { limit: number; exceeded: () => Error; ended: (octets: number) => void },
  ) {
    this.#decoder = decoder;
    this.#to = to;
  }
  decode(octets: Buffer): Decoded {
    const decoded = this.#decoder.decode(octets);
    const { limit, exceeded, ended } = this.#to;
    this.#used += decoded.used;
    if (this.#used > limit) throw exceeded();
    for (const piece of decoded.content) this.#octets += piece.length;
    if (decoded.done) ended(this.#octets);
    return decoded;
  }
}
