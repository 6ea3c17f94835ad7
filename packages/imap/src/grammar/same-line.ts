/** Servers that forget the end of a line: two responses on one (RFC 9051 §2.2.2 has each end in CRLF). */
import type { Frame } from './frame.js';

/** Each costs a look at the line. */
const mostOnLine = 100;

/** What stands behind the end of a response, where it begins another one. */
export function restOf(
  { text, literals, place = 0, isTaken = false }: Frame,
  pos: number,
): Frame | undefined {
  if (place >= mostOnLine) return undefined;
  beginsHere.lastIndex = pos;
  const start = beginsHere.test(text) ? beginsHere.lastIndex : 0;
  if (start === 0) return undefined;
  return {
    place: place + 1,
    isTaken,
    text: text.slice(start),
    literals: literals
      .filter(({ at }) => at >= start)
      .map((literal) => ({ ...literal, at: literal.at - start, end: literal.end - start })),
  };
}

/** The same without it. */
export const upTo = ({ text, literals }: Frame, pos: number): Frame => ({
  text: text.slice(0, pos),
  literals: literals.filter(({ at }) => at < pos),
});

const beginsHere = /[ \r\n]*(?=\* *(?:\d+ +)?[a-z]{2}|[a-z]+\d+ +(?:OK|NO|BAD)(?: |$))/iy;
