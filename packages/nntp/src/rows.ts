/** Listings as rows, with the login that a server may ask for first. */
import {
  bareLf,
  type CommandLine,
  decodeText,
  escapeText,
  RemoteProtocolError,
  type Reply,
  RowReader,
  Rows,
  type Turn,
} from '@fivewire/line-protocol';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

export interface RowsShape<T> {
  /** False: the response means that there are no rows, and none follow. It throws for a refusal. */
  hasRows: (reply: Reply) => boolean;
  /** A row without dot stuffing, each character an octet. `undefined`: it can't be read and goes to `notices`. */
  parse: (line: string) => T | undefined;
  /** Told of such rows, too, and of those in which others may stand. */
  onUnreadable?: (() => void) | undefined;
  /** It ends in free text: a bare LF may be of that, and stays. Elsewhere the row is what stands before it. `notices` have all of it. */
  endsInText?: boolean;
  /** Default true. */
  pipelined?: boolean;
  prepare?: (turn: Turn) => Promise<void> | undefined;
  mayCut?: boolean;
  /** The article numbers that were asked for. A row outside them belongs to another question: it goes to `notices`. */
  span?: { from: number; to?: number | undefined };
  numberOf?: (value: T) => number;
}

export const rows = <T>(
  session: Session,
  line: CommandLine,
  options: CallOptions,
  shape: RowsShape<T>,
): Rows<T> =>
  new Rows(() => begun(() => afterLogin(session, () => rowReader(session, line, options, shape))));

export function rowReader<T>(
  session: Session,
  line: CommandLine,
  { signal, timeout }: CallOptions,
  {
    hasRows,
    parse,
    pipelined = true,
    prepare,
    mayCut = false,
    endsInText = false,
    ...shape
  }: RowsShape<T>,
): RowReader<T> {
  const { connection, queue, limits, transport, notices } = session;
  const { span, numberOf, onUnreadable } = shape;
  const { from = 0, to = Number.POSITIVE_INFINITY } = span ?? {};
  const tell = (kind: string, row: string): void =>
    notices.push({ kind, text: `${line.masked}: ${escapeText(decodeText(row), 500)}` });
  let given = 0;
  let unreadable = '';
  return new RowReader({
    queue,
    connection,
    line,
    pipelined: pipelined && session.pipelined,
    ...(prepare === undefined ? {} : { prepare }),
    readHead: async () =>
      hasRows(await session.readReply(session.wait(line.masked, 'command', timeout))),
    parse(got) {
      const lf = got.indexOf('\n');
      if (lf >= 0) {
        notices.push(bareLf(line.masked, got));
        onUnreadable?.();
      }
      const row = lf < 0 || endsInText ? got : got.slice(0, lf);
      const value = parse(row);
      if (value === undefined) {
        if (row.trim() === '') return undefined; // an empty line means nothing
        tell('unreadable', row);
        unreadable ||= row;
        onUnreadable?.();
        return undefined;
      }
      given++;
      if (numberOf === undefined) return value;
      const number = numberOf(value);
      if (number >= from && number <= to) return value;
      tell('outside', row);
      return undefined;
    },
    atEnd: () =>
      given > 0 || unreadable === ''
        ? undefined
        : connection.locate(nothingRead(line.masked, unreadable)),
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

/** Rows came and none could be read: that must not look like a listing without any. The connection is in step. */
function nothingRead(command: string, row: string): RemoteProtocolError {
  const got = escapeText(decodeText(row), 200);
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `No row of ${command} can be read: ${got}`,
    {
      got,
      command,
      phase: 'transfer',
      connection: 'usable',
      retry: 'never',
      hint: 'The server writes its rows in another form. client.notices has them; client.command() asks without reading them.',
    },
  );
}

/** A listing with its first row, or its end. */
export type Begun<T> = readonly [reader: RowReader<T>, first: IteratorResult<T, void>];

/** Nothing has been given out before the first row: where a login is asked for, the listing starts anew. */
export const afterLogin = <T>(session: Session, open: () => RowReader<T>): Promise<Begun<T>> =>
  session.loggedIn(async () => {
    const reader = open();
    return [reader, await reader.next()];
  });

/** A listing whose beginning may take several attempts: they are made at the first `next()`. */
export function begun<T>(begin: () => Promise<Begun<T>>): AsyncIterator<T, void, undefined> {
  let beginning: Promise<Begun<T>> | undefined;
  let reader: RowReader<T> | undefined;
  const first = async (): Promise<IteratorResult<T, void>> => {
    beginning = begin();
    const [found, row] = await beginning;
    reader = found;
    return row;
  };
  return {
    next() {
      if (reader !== undefined) return reader.next();
      return beginning === undefined ? first() : beginning.then(([found]) => found.next());
    },
    async return() {
      const [found] = (await beginning?.catch(() => undefined)) ?? [];
      return found?.return() ?? { done: true, value: undefined };
    },
  };
}
