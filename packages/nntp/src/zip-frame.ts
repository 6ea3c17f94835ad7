/** What stands around deflated octets: zlib's header and checksum (RFC 1950), or gzip's (RFC 1952). */
import { contextOf, type LineConnection, type Wait } from '@fivewire/line-protocol';
import { crc32 } from './binaries/crc32.js';

/** Reads the octets that follow the deflated ones. @throws RemoteProtocolError where they were made of other content */
export type ReadChecksum = (content: Buffer) => Promise<void>;

/** Reads a header. @throws RemoteProtocolError where it is none: the response is not compressed, or otherwise */
export async function readZipHeader(connection: LineConnection, wait: Wait): Promise<ReadChecksum> {
  const head = await take(connection, wait, 2);
  const isGzip = head.readUInt16BE() === 0x1f8b;
  if (isGzip) await skipGzipHeader(connection, wait);
  // CM is 8, and FCHECK makes a multiple of 31; FDICT would name a dictionary, and there is none.
  else if (
    ((head[0] as number) & 15) !== 8 ||
    head.readUInt16BE() % 31 !== 0 ||
    (head[1] as number) & 32
  )
    throw notZipped(connection, wait, head);
  return async (content) => {
    const said = await take(connection, wait, isGzip ? 8 : 4);
    const isRight = isGzip
      ? said.readUInt32LE() === crc32(content, 0) &&
        said.readUInt32LE(4) === content.length % 2 ** 32
      : said.readUInt32BE() === adler32(content);
    if (isRight) return;
    const expected = 'octets that have the checksum behind them';
    throw connection.malformed(expected, 'others', { ...contextOf(wait), phase: 'transfer' });
  };
}

async function skipGzipHeader(connection: LineConnection, wait: Wait): Promise<void> {
  const rest = await take(connection, wait, 8);
  const [method = 0, flags = 0] = rest;
  if (method !== 8 || flags & 0xe0) throw notZipped(connection, wait, rest);
  if (flags & 4) {
    const length = await take(connection, wait, 2);
    await take(connection, wait, length.readUInt16LE());
  }
  for (const text of [8, 16]) if (flags & text) while ((await take(connection, wait, 1))[0] !== 0);
  if (flags & 2) await take(connection, wait, 2);
}

const notZipped = (connection: LineConnection, wait: Wait, got: Buffer): Error =>
  connection.malformed('gzip or zlib octets', got.toString('latin1'), {
    ...contextOf(wait),
    phase: 'transfer',
  });

async function take(connection: LineConnection, wait: Wait, count: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let left = count; left > 0; ) {
    const octets = (await nextOctets(connection, wait)).subarray(0, left);
    pieces.push(Buffer.from(octets));
    connection.consumeOctets(octets.length);
    left -= octets.length;
  }
  return Buffer.concat(pieces);
}

/** What has come, at least one octet of it. */
export async function nextOctets(connection: LineConnection, wait: Wait): Promise<Buffer> {
  for (;;) {
    const octets = connection.peekOctets();
    if (octets !== undefined && octets.length > 0) return octets;
    await connection.fill(wait);
  }
}

/** RFC 1950 §8.2: two sums modulo the largest prime below 65,536, which so many octets can't make too large. */
export function adler32(octets: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let at = 0; at < octets.length; ) {
    for (const end = Math.min(at + 3_800, octets.length); at < end; at++) {
      a += octets[at] as number;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}
