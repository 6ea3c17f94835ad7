/** Listings as rows, with the login that a server may ask for first. */
import {
  type CommandLine,
  decodeText,
  escapeText,
  type Reply,
  RowReader,
  Rows,
  type Turn,
} from '@fivewire/line-protocol';
import { needsLogin } from './response-codes.js';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

export interface RowsShape<T> {
  /** False: the response means that there are no rows, and none follow. It throws for a refusal. */
  hasRows: (reply: Reply) => boolean;
  /** A row without dot stuffing, each character an octet. `undefined`: it can't be read and goes to `notices`. */
  parse: (line: string) => T | undefined;
  /** Default true. */
  pipelined?: boolean;
  prepare?: (turn: Turn) => Promise<void>;
  mayCut?: boolean;
}

export const rows = <T>(
  session: Session,
  line: CommandLine,
  options: CallOptions,
  shape: RowsShape<T>,
): Rows<T> => new Rows(() => afterLogin(session, () => rowReader(session, line, options, shape)));

export function rowReader<T>(
  session: Session,
  line: CommandLine,
  { signal, timeout }: CallOptions,
  { hasRows, parse, pipelined = true, prepare, mayCut = false }: RowsShape<T>,
): RowReader<T> {
  const { connection, queue, limits, transport, notices } = session;
  return new RowReader({
    queue,
    connection,
    line,
    pipelined: pipelined && session.pipelined,
    ...(prepare === undefined ? {} : { prepare }),
    readHead: async () => hasRows(await session.readReply(session.wait(line, 'command', timeout))),
    parse(row) {
      const value = parse(row);
      if (value === undefined) {
        notices.push({
          kind: 'unreadable',
          text: `${line.masked}: ${escapeText(decodeText(row), 500)}`,
        });
      }
      return value;
    },
    wait: {
      phase: 'transfer',
      timeout: timeout ?? transport.timeouts.stall,
      command: line.masked,
    },
    aheadOctets: limits.aheadOctets,
    maxRows: limits.rows,
    mayCut,
    signal,
  });
}

/** Nothing has been given out before the first row: where a login is asked for, the listing starts anew. */
export function afterLogin<T>(
  session: Session,
  open: () => AsyncIterator<T, void, undefined>,
): AsyncIterator<T, void, undefined> {
  let reader = open();
  let begun = false;
  const first = async (): Promise<IteratorResult<T, void>> => {
    begun = true;
    try {
      return await reader.next();
    } catch (error) {
      if (!needsLogin(error) || !session.canLogIn) throw error;
      await session.logIn();
      reader = open();
      return reader.next();
    }
  };
  return {
    next: () => (begun ? reader.next() : first()),
    return: () => reader.return?.() ?? Promise.resolve({ done: true, value: undefined }),
  };
}
