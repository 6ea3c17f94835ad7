/** LIST (RFC 1939 §5) and UIDL (§7): rows, read one by one. What is wrong with one is told by that one. */
import { commandLine, DotDecoder, RowReader, Rows, wordsOf } from '@fivewire/line-protocol';
import { commandError } from './response.js';
import type { Session } from './session.js';
import type { BadRow, CallOptions, ListRow, UidlRow } from './types.js';

export const list = (session: Session, options: CallOptions): Rows<ListRow> =>
  rows(
    session,
    'LIST',
    (line) => {
      const row = parseListRow(line);
      if (row.ok && row.octets !== undefined) session.sized(row.number, row.octets);
      return row;
    },
    options,
  );

export const uidl = (session: Session, options: CallOptions): Rows<UidlRow> =>
  rows(session, 'UIDL', parseUidlRow, options);

function rows<T>(
  session: Session,
  verb: string,
  parse: (line: string) => T,
  { signal, timeout }: CallOptions,
): Rows<T> {
  const { connection, queue, limits, transport } = session;
  const line = commandLine(verb);
  /** How many there had been when the command went out. */
  let surprises = 0;
  return new Rows(
    () =>
      new RowReader({
        queue,
        connection,
        line,
        pipelined: session.pipelined,
        async prepare(turn) {
          await session.settle(turn, timeout);
          surprises = session.surprises;
        },
        readHead: async () => {
          const wait = session.wait(verb, 'command', timeout);
          const response = await session.readResponse(wait);
          if (surprises !== session.surprises) {
            if (response.ok) await session.drain(new DotDecoder(connection), wait);
            throw session.disowned(verb);
          }
          if (response.ok) return true;
          throw connection.locate(commandError(response, verb), { phase: 'command' });
        },
        parse,
        wait: { phase: 'transfer', timeout: timeout ?? transport.timeouts.stall, command: verb },
        aheadOctets: limits.aheadOctets,
        maxRows: limits.rows,
        signal,
      }),
  );
}

/** Some rows end in LF alone, and others in CRLF: what is behind is another message's. */
const behindLf = 'another row behind a bare LF';

// scan-listing = message-number SP octets [SP *CHAR]

/** Some servers write several spaces, or tabs; some say more after the octets. Octets that make no sense are left out. */
export function parseListRow(line: string): ListRow {
  const [number = '', octets] = wordsOf(line, 3);
  if (!/^\d{1,15}$/.test(number) || Number(number) < 1 || octets === undefined)
    return bad(line, 'no message number and octets');
  if (line.includes('\n')) return bad(line, behindLf, Number(number));
  return { ok: true, number: Number(number), octets: count(octets) };
}

// unique-id-listing = message-number SP unique-id; unique-id = 1*70 of %x21-7E

/** Longer ids than 70 octets are taken: Fastmail has them. */
export function parseUidlRow(line: string): UidlRow {
  const [digits = '', uid = ''] = wordsOf(line, 2);
  const number = /^\d{1,15}$/.test(digits) ? Number(digits) : 0;
  if (number < 1) return bad(line, 'no message number');
  if (uid === '') return bad(line, 'no unique-id', number);
  if (line.includes('\n')) return bad(line, behindLf, number);
  if (!/^[\x21-\x7e\x80-\xff]{1,1000}$/.test(uid)) {
    return bad(line, 'a unique-id with spaces or control characters, or too long', number);
  }
  return { ok: true, number, uid };
}

/** A figure of the server's; `undefined` where it makes no sense (Exchange has sent negative ones). */
export const count = (digits: string | undefined): number | undefined => {
  const value = digits !== undefined && /^\d{1,19}$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
};

const bad = (line: string, problem: string, number?: number): BadRow => ({
  ok: false,
  number,
  problem: `The row has ${problem}`,
  raw: line,
});
