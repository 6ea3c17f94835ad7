/**
 * A literal (RFC 9051 §4.3) that is announced so much too long that it takes the end of its row and the beginning of the next
 * response, or whole ones before that.
 */
import type { Frame, FrameLiteral } from './frame.js';

/** @returns the row without them, and what stands behind it; `undefined` where no literal ends in the middle of a response */
export function splitTaken({
  text,
  literals,
  place = 0,
}: Frame): { own: Frame; rest: Frame } | undefined {
  for (const [i, literal] of literals.entries()) {
    const before = literal.octets?.toString('latin1') ?? '';
    let at = before.lastIndexOf('\n') + 1;
    const behind = text.slice(literal.end);
    if (at === 0 || !beginsHere.test(before.slice(at) + behind.slice(0, 60))) continue;
    for (;;) {
      const line = before.lastIndexOf('\n', at - 2) + 1;
      if (line === 0 || !wholeLine.test(before.slice(line, at))) break;
      at = line;
    }
    const own = before.slice(0, at).replace(/\r?\n$/, '');
    const [end] = endOfRow.exec(own.slice(-200)) ?? [];
    if (end === undefined) continue;
    const size = own.length - end.length;
    const shift = before.length - at - literal.end;
    const moved = ({ at: from, end: to, ...more }: FrameLiteral): FrameLiteral => ({
      ...more,
      at: from + shift,
      end: to + shift,
    });
    return {
      own: {
        text: text.slice(0, literal.end) + end,
        literals: [
          ...literals.slice(0, i),
          { ...literal, size, octets: literal.octets?.subarray(0, size) },
        ],
      },
      rest: {
        text: before.slice(at) + behind,
        literals: literals.slice(i + 1).map(moved),
        place: place + 1,
        isTaken: true,
      },
    };
  }
  return undefined;
}

const beginsHere = /^(?:\* \d+ (?:(?:UID)?FETCH \(|EXISTS|RECENT|EXPUNGE)|[a-z]+\d+ OK )/i;
const wholeLine = /^\* \d+ (?:(?:UID)?FETCH \(.*\)|EXISTS|RECENT|EXPUNGE)\r?\n$/i;
/** What is the row's and not the literal's. */
const endOfRow =
  /(?: (?:UID|FLAGS|RFC822\.SIZE|INTERNALDATE|MODSEQ) (?:\d+|"[^"]*"|\([^()]*\)))*\)$/i;
