/** Reading messages and articles, RFC 5322 §2: where the header ends, and what its fields say. */

/** The header with the empty line that ends it, and the body behind. */
export function splitMessage(octets: Buffer): { header: Buffer; body: Buffer } {
  if (octets.subarray(0, 2).equals(crlf))
    return { header: octets.subarray(0, 2), body: octets.subarray(2) };
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) return { header: octets, body: octets.subarray(octets.length) };
  return { header: octets.subarray(0, end + 4), body: octets.subarray(end + 4) };
}

const crlf = Buffer.from('\r\n');

/** A field as it stands: name, and the whole of it with its line ends. */
export interface Field {
  name: string;
  /** With the folding undone and without the surrounding white space; octets as Latin-1. */
  value: string;
  raw: string;
}

/** The fields of a header, in order. Lines that are none are passed over. */
export function fieldsOf(header: Buffer): Field[] {
  const text = header.toString('latin1');
  const fields: Field[] = [];
  for (const raw of text.match(/[^\r\n][^\n]*(?:\n[ \t][^\n]*)*\n?/g) ?? []) {
    const colon = raw.indexOf(':');
    if (colon <= 0) continue;
    const value = raw
      .slice(colon + 1)
      .replace(/\r?\n(?=[ \t])/g, '')
      .trim();
    fields.push({ name: raw.slice(0, colon).trim(), value, raw });
  }
  return fields;
}

/** The first field of that name, or `undefined`. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return fields.find((field) => field.name.toLowerCase() === wanted)?.value;
}

/** The header and the first `lines` lines of the body, RFC 1939 §7. */
export function topOf(octets: Buffer, lines: number): Buffer {
  const { header, body } = splitMessage(octets);
  let end = 0;
  for (let line = 0; line < lines && end >= 0; line++) {
    const next = body.indexOf(0x0a, end);
    if (next < 0) return octets;
    end = next + 1;
  }
  return octets.subarray(0, header.length + end);
}
