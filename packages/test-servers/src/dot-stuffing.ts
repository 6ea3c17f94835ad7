/** Multi-line bodies going out, RFC 1939 §3, RFC 3977 §3.1.1, RFC 5321 §4.5.2. */

/** The octets with each line's leading dot doubled, a line end at the end, and the lone dot behind. */
export function dotStuff(octets: Buffer): Buffer {
  // A line begins behind CR LF. A bare LF begins none, and a client that thinks otherwise shall find out.
  const stuffed = withLineEnd(octets)
    .toString('latin1')
    .replace(/(^|\r\n)\./g, '$1..');
  return Buffer.from(`${stuffed}.\r\n`, 'latin1');
}

/** A body on the wire is made of lines: the last one gets its CR LF where it has none. */
export function withLineEnd(octets: Buffer): Buffer {
  const ended = octets.length === 0 || octets.toString('latin1', octets.length - 2) === '\r\n';
  return ended ? octets : Buffer.concat([octets, Buffer.from('\r\n')]);
}

/** The lines, dot-stuffed and ended. */
export function dotLines(lines: Iterable<string>): Buffer {
  const text = [...lines].map((line) => `${line}\r\n`).join('');
  return dotStuff(Buffer.from(text));
}
