/** RETR (RFC 1939 §5) and TOP (§7): messages as streams, one or many in a pipeline. */
import {
  type AskedBody,
  askAhead,
  type BodyDecoder,
  commandLine,
  type Decoded,
  DotDecoder,
  ReplyBody,
  type Rules,
  rules,
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

export function messageBody(
  session: Session,
  args: readonly [verb: 'RETR' | 'TOP', ...numbers: string[]],
  { signal, timeout }: CallOptions,
  asked?: AskedBody,
): ReplyBody<Response> {
  const { connection, queue, limits, transport } = session;
  const [verb, ...rest] = args;
  const line = commandLine(verb, rest);
  const accept = (response: Response): Response => {
    if (response.ok) return response;
    throw connection.locate(commandError(response, line.masked), { phase: 'command' });
  };
  return new ReplyBody<Response>({
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
    decoder: () =>
      new LimitedDecoder(new DotDecoder(connection), limits.messageOctets, () =>
        connection.exceeded('messageOctets', limits.messageOctets, { command: line.masked }),
      ),
    wait: {
      phase: 'transfer',
      timeout: timeout ?? transport.timeouts.stall,
      command: line.masked,
      hint: 'The server stopped inside the message. Some (old Exchange) glue the final dot to a last line without an end; `timeouts.stall` allows more time.',
    },
    aheadOctets: limits.aheadOctets,
    ...asked,
    signal,
  });
}

export function retrieveAll(
  session: Session,
  numbers: Iterable<number> | AsyncIterable<number>,
  { window = 32, ...options }: RetrieveAllOptions,
): AsyncGenerator<Retrieved, void, undefined> {
  return askAhead<number, Response, Retrieved>(numbers, {
    ask: (number, asked) => messageBody(session, ['RETR', messageNumber(number)], options, asked),
    give: (number, message) => ({ ok: true, number, message }),
    refuse: (number, error) => ({ ok: false, number, error }),
    argument: 'numbers',
    window: session.pipelined ? window : 1,
  });
}

/** A message that goes on and on is no message. */
class LimitedDecoder implements BodyDecoder {
  #decoder: DotDecoder;
  #left: number;
  #exceeded: () => Error;
  constructor(decoder: DotDecoder, limit: number, exceeded: () => Error) {
    this.#decoder = decoder;
    this.#left = limit;
    this.#exceeded = exceeded;
  }
  decode(octets: Buffer): Decoded {
    const decoded = this.#decoder.decode(octets);
    this.#left -= decoded.used;
    if (this.#left < 0) throw this.#exceeded();
    return decoded;
  }
}
