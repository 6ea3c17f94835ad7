/**
 * Multi-line responses that come compressed one by one, as Usenet providers have had it before RFC 8054: XFEATURE COMPRESS GZIP (the response line
 * says `[COMPRESS=GZIP]`) and XZVER. What they hold is put in their place, so that the reader of the lines sees none of it.
 */
import type { Duplex } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import {
  commandLine,
  DotDecoder,
  isFivewireError,
  type LineConnection,
  type Reply,
  type Wait,
} from '@fivewire/line-protocol';
import { yenc } from './binaries/yenc.js';
import type { Session } from './session.js';

/** What was agreed on. `terminator`: a lone dot follows the compressed octets; else it is the last of what they hold. */
export interface Zipping {
  gzip: boolean;
  terminator: boolean;
}

/** Asks for it where the server lists it. A refusal leaves all as it was. */
export async function askForZipping(session: Session): Promise<void> {
  const { capabilities, connection } = session;
  if (!capabilities.has('XFEATURE-COMPRESS', 'GZIP')) return;
  const terminator = capabilities.has('XFEATURE-COMPRESS', 'TERMINATOR');
  const line = commandLine('XFEATURE', ['COMPRESS', 'GZIP', ...(terminator ? ['TERMINATOR'] : [])]);
  await session.queue.run(
    async (turn) => {
      connection.send(line);
      await turn.toRead();
      const reply = await session.readReply(session.wait(line.masked, 'capabilities', undefined));
      if (reply.code === 290) session.zipping = { gzip: true, terminator };
    },
    { phase: 'capabilities', command: line.masked },
  );
}

/** Whether the lines of this response are compressed. */
export const isZipped = ({ gzip }: Zipping, { code, text }: Reply, command = ''): boolean =>
  (gzip && code < 300 && /\[COMPRESS=GZIP\]/i.test(text)) ||
  (code === 224 && command.startsWith('XZVER'));

/** Puts the lines in the place of the octets that hold them. */
export async function unzip(session: Session, wait: Wait): Promise<void> {
  const { connection, zipping } = session;
  const isXzver = wait.command?.startsWith('XZVER') === true;
  const lines = isXzver
    ? await inflateYenc(session, wait)
    : await inflateHere(session, wait, zipping.terminator);
  const end = lines.length - (isXzver || !zipping.terminator ? lastDot.length : 0);
  if (lineEndsAt(lines, end) !== end) {
    throw connection.malformed('the lines of one response', 'a lone dot in other places, or none', {
      phase: 'transfer',
      ...(wait.command === undefined ? {} : { command: wait.command }),
    });
  }
  connection.swap((stream: Duplex) => {
    stream.unshift(lines);
    return stream;
  });
}

const lastDot = Buffer.from('.\r\n');

/**
 * Where the lines of a response end: at the first lone dot, else `end`. What was compressed is one response: after a dot within it the rest would be
 * taken for the responses to other commands, and without one those would be its lines.
 */
function lineEndsAt(lines: Buffer, end: number): number {
  if (lines.subarray(0, lastDot.length).equals(lastDot)) return 0;
  const dot = lines.indexOf('\r\n.\r\n', 0, 'latin1');
  if (dot >= 0) return dot + 2;
  return end === lines.length && (end === 0 || lines.subarray(-2).equals(lastDot.subarray(1)))
    ? end
    : -1;
}

/**
 * Octets compressed as they are. They end where deflate says so: the checksum that follows it in both formats is what shows that, for zlib tells of an end
 * only by what it leaves.
 */
async function inflateHere(session: Session, wait: Wait, terminator: boolean): Promise<Buffer> {
  const { connection } = session;
  const checksum = await skipHeader(connection, wait);
  const inflate = createInflateRaw();
  const pieces = new Pieces(session);
  let failure: unknown;
  inflate.on('data', (piece: Buffer) => {
    try {
      pieces.add(piece);
    } catch (error) {
      inflate.destroy(error as Error);
    }
  });
  inflate.on('error', (error) => {
    failure = error;
  });
  for (let over = false; !over; ) {
    const octets = Buffer.from(await nextOctets(connection, wait));
    const before = inflate.bytesWritten;
    pieces.came(octets.length);
    await new Promise<void>((resolve) => {
      inflate.once('close', resolve);
      inflate.write(octets, () => resolve());
    });
    if (failure !== undefined) {
      if (isFivewireError(failure)) throw failure;
      throw connection.malformed('deflated octets', String(failure), { phase: 'transfer' });
    }
    const used = inflate.bytesWritten - before;
    connection.consumeOctets(used);
    over = used < octets.length;
  }
  inflate.destroy();
  await take(connection, wait, checksum);
  const whole = pieces.all();
  // With a terminator of its own, a dot inside says it twice.
  return terminator && pieces.endsWithDot ? whole.subarray(0, -3) : whole;
}

/** zlib's header (RFC 1950) or gzip's (RFC 1952 §2.3). @returns how many octets of a checksum follow */
async function skipHeader(connection: LineConnection, wait: Wait): Promise<number> {
  const [first = 0, second = 0] = await take(connection, wait, 2);
  if (first !== 0x1f || second !== 0x8b) return 4;
  const flags = (await take(connection, wait, 8))[1] as number;
  if (flags & 4) {
    const length = await take(connection, wait, 2);
    await take(connection, wait, length.readUInt16LE());
  }
  for (const text of [8, 16]) if (flags & text) while ((await take(connection, wait, 1))[0] !== 0);
  if (flags & 2) await take(connection, wait, 2);
  return 8;
}

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

/** XZVER: raw deflate in yEnc, in a body that ends as all do. */
async function inflateYenc(session: Session, wait: Wait): Promise<Buffer> {
  const { connection } = session;
  const decoder = new DotDecoder(connection);
  const body: Buffer[] = [];
  let came = 0;
  for (let done = false; !done; ) {
    const decoded = decoder.decode(await nextOctets(connection, wait));
    for (const piece of decoded.content) body.push(Buffer.from(piece));
    connection.consumeOctets(decoded.used);
    came += decoded.used;
    if (came > session.limits.inflatedOctets)
      throw connection.exceeded('inflatedOctets', session.limits.inflatedOctets);
    done = decoded.done;
  }
  const part = yenc.decode(Buffer.concat(body));
  if (part === undefined || part.problems.length > 0) {
    throw connection.malformed('yEnc', part?.problems.join(', ') ?? 'no =ybegin', {
      phase: 'transfer',
    });
  }
  const pieces = new Pieces(session);
  pieces.came(came);
  const inflate = createInflateRaw();
  try {
    inflate.end(part.content);
    for await (const piece of inflate) pieces.add(piece as Buffer);
  } catch (error) {
    if (isFivewireError(error)) throw error;
    throw connection.malformed('deflated octets', String(error), { phase: 'transfer' });
  }
  const end = pieces.endsWithDot ? '' : '.\r\n';
  return Buffer.concat([pieces.all(), Buffer.from(end)]);
}

async function nextOctets(connection: LineConnection, wait: Wait): Promise<Buffer> {
  for (;;) {
    const octets = connection.peekOctets();
    if (octets !== undefined && octets.length > 0) return octets;
    await connection.fill(wait);
  }
}

/** Few octets may become many by right: a ratio is judged only beyond this. */
const alwaysAllowed = 16 * 2 ** 20;

class Pieces {
  #session: Session;
  #pieces: Buffer[] = [];
  #tail = '\r\n';
  #came = 0;
  #made = 0;
  constructor(session: Session) {
    this.#session = session;
  }
  came(octets: number): void {
    this.#came += octets;
  }
  add(piece: Buffer): void {
    const { connection, limits } = this.#session;
    this.#made += piece.length;
    if (this.#made > limits.inflatedOctets)
      throw connection.exceeded('inflatedOctets', limits.inflatedOctets);
    if (this.#made > alwaysAllowed && this.#made > (this.#came + 65_536) * limits.inflationRatio)
      throw connection.exceeded('inflationRatio', limits.inflationRatio);
    this.#tail = (this.#tail + piece.toString('latin1', Math.max(0, piece.length - 5))).slice(-5);
    this.#pieces.push(piece);
  }
  get endsWithDot(): boolean {
    return this.#tail === '\r\n.\r\n';
  }
  all(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}
