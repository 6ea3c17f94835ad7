/** Quoted-printable (RFC 2045 §6.7): for text whose lines are longer than an article's may be. */

/** @param text with CRLF line ends @returns ASCII, in lines of at most 76 octets */
export const quotedPrintable = (text: string): string =>
  text.split('\r\n').map(encodeLine).join('\r\n');

const most = 76;

function encodeLine(line: string): string {
  const octets = Buffer.from(line);
  const lines: string[] = [];
  let current = '';
  octets.forEach((octet, at) => {
    const isLast = at === octets.length - 1;
    const word = isPlain(octet, isLast)
      ? String.fromCharCode(octet)
      : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
    // The = of a soft break needs room, except behind the last octet.
    if (current.length + word.length > (isLast ? most : most - 1)) {
      lines.push(`${current}=`);
      current = '';
    }
    current += word;
  });
  return [...lines, current].join('\r\n');
}

/** Blanks stay where they are not at the end, which gateways cut. */
const isPlain = (octet: number, isLast: boolean): boolean =>
  (octet > 32 && octet < 127 && octet !== 61) || ((octet === 32 || octet === 9) && !isLast);
