/**
 * A literal (RFC 9051 §4.3) that is announced longer than it is takes the beginning of what stands behind it with it. Where the
 * response makes no sense as it came, what such a literal may have taken is tried in its place.
 */
import type { Frame, FrameLiteral } from './frame.js';

/** @returns `undefined` where no literal ends like that */
export function givenBack({ text, literals }: Frame): Frame | undefined {
  let out = '';
  let done = 0;
  const shorter: FrameLiteral[] = [];
  for (const [i, literal] of literals.entries()) {
    const next = literals[i + 1]?.at ?? text.length;
    const taken = takenBy(literal, text.slice(literal.end, Math.min(next, literal.end + 60)));
    const shift = out.length - done;
    out += text.slice(done, literal.end) + taken;
    done = literal.end;
    const { octets, size } = literal;
    shorter.push({
      at: literal.at + shift,
      end: literal.end + shift,
      size: size - taken.length,
      octets: octets?.subarray(0, octets.length - taken.length),
    });
  }
  out += text.slice(done);
  return out.length === text.length ? undefined : { text: out, literals: shorter };
}

/** The end of a literal that goes on in what stands behind it, or is a value itself. */
function takenBy({ octets }: FrameLiteral, behind: string): string {
  const end = octets?.toString('latin1', Math.max(0, octets.length - 80)) ?? '';
  const isNil = /^(?:[ )\r\n]|$)/.test(behind) ? /(?: +nil)+$/i.exec(end) : null;
  if (isNil !== null) return isNil[0];
  const [taken = ''] = / \((?:\((?:"[^"]*)?)?$| [^ ()"]{0,30}$/.exec(end) ?? [];
  return taken !== '' && goesOn.test(taken + behind) ? taken : '';
}

const goesOn =
  /^ (?:nil[ )]|\(\(|(?:UID|FLAGS|RFC822|RFC822\.(?:SIZE|HEADER|TEXT)|INTERNALDATE|ENVELOPE|BODY(?:STRUCTURE)?|BINARY|MODSEQ|SAVEDATE|PREVIEW|EMAILID|THREADID|X-GM-(?:MSGID|THRID|LABELS))[ []\S)/i;
