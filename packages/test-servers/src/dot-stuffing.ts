/** Multi-line bodies going out, RFC 1939 §3, RFC 3977 §3.1.1, RFC 5321 §4.5.2. */

/** The octets with each line's leading dot doubled, a line end at the end, and the lone dot behind. */
export function dotStuff(octets: Uint8Array): Buffer {
  const text = Buffer.from(octets).toString('latin1');
  const stuffed = text.replace(/(^|\n)\./g, '$1..');
  const ended = stuffed === '' || stuffed.endsWith('\r\n') ? stuffed : `${stuffed}\r\n`;
  return Buffer.from(`${ended}.\r\n`, 'latin1');
}

/** The lines, dot-stuffed and ended. */
export function dotLines(lines: Iterable<string>): Buffer {
  const text = [...lines].map((line) => `${line}\r\n`).join('');
  return dotStuff(Buffer.from(text));
}
