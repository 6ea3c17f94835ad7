/**
 * Multi-line responses that come compressed one by one, as Usenet providers have had it before RFC 8054: XFEATURE COMPRESS GZIP (the response line
 * says `[COMPRESS=GZIP]`) and XZVER. What they hold is put in their place, so that the reader of the lines sees none of it.
 */
import type { Duplex } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import {
  commandLine,
  contextOf,
  DotDecoder,
  isFivewireError,
  type Reply,
  trimBlanks,
  type Wait,
} from '@fivewire/line-protocol';
import { yenc } from './binaries/yenc.js';
import type { Session } from './session.js';
import { nextOctets, readZipHeader } from './zip-frame.js';

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
  // A dot in plain says that there are no lines to compress.
  if (!isXzver && (await nextOctets(connection, wait))[0] === lastDot[0]) return;
  const lines = isXzver
    ? await inflateYenc(session, wait)
    : await inflateHere(session, wait, zipping.terminator);
  const end = lines.length - (isXzver || !zipping.terminator ? lastDot.length : 0);
  if (lineEndsAt(lines, end) !== end) {
    throw malformed(
      session,
      wait,
      'the lines of one response',
      'a lone dot in other places, or none',
    );
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
 * only by what it leaves. RFC 1952 §2.2 allows several members; where a terminator follows, what stands before it shows whether there is another one.
 */
async function inflateHere(session: Session, wait: Wait, terminator: boolean): Promise<Buffer> {
  const { connection } = session;
  const pieces = new Pieces(session, wait);
  do await inflateMember(session, wait, pieces);
  while (terminator && zipBegins.has((await nextOctets(connection, wait))[0] as number));
  const whole = pieces.all();
  // With a terminator of its own, a dot inside says it twice.
  return terminator && pieces.endsWithDot ? whole.subarray(0, -3) : whole;
}

/** First octets of gzip's members, and of zlib's with its usual window. */
const zipBegins: ReadonlySet<number> = new Set([0x1f, 0x78]);

async function inflateMember(session: Session, wait: Wait, pieces: Pieces): Promise<void> {
  const { connection } = session;
  const readChecksum = await readZipHeader(connection, wait);
  const inflate = createInflateRaw();
  const made: Buffer[] = [];
  let failure: unknown;
  inflate.on('data', (piece: Buffer) => {
    try {
      pieces.add(piece);
      made.push(piece);
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
      throw malformed(session, wait, 'deflated octets', String(failure));
    }
    const used = inflate.bytesWritten - before;
    connection.consumeOctets(used);
    over = used < octets.length;
  }
  inflate.destroy();
  await readChecksum(Buffer.concat(made));
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
      throw connection.exceeded('inflatedOctets', session.limits.inflatedOctets, contextOf(wait));
    done = decoded.done;
  }
  const whole = Buffer.concat(body);
  if (whole.length === 0) return lastDot; // no rows, and nothing to compress
  const part = yenc.decode(whole);
  if (part === undefined || part.problems.length > 0)
    throw malformed(session, wait, 'yEnc', part?.problems.join(', ') ?? 'no =ybegin');
  if (!isAlone(whole)) throw malformed(session, wait, 'one yEnc part', 'more beside it');
  const pieces = new Pieces(session, wait);
  pieces.came(came);
  const inflate = createInflateRaw();
  try {
    inflate.end(part.content);
    for await (const piece of inflate) pieces.add(piece as Buffer);
  } catch (error) {
    if (isFivewireError(error)) throw error;
    throw malformed(session, wait, 'deflated octets', String(error));
  }
  const surplus = part.content.length - inflate.bytesWritten;
  if (surplus > 0)
    throw malformed(session, wait, 'one deflated stream', `${surplus} octets behind it`);
  const end = pieces.endsWithDot ? '' : '.\r\n';
  return Buffer.concat([pieces.all(), Buffer.from(end)]);
}

/** Nothing but blanks before `=ybegin` and behind the line of `=yend`. */
function isAlone(body: Buffer): boolean {
  const end = body.indexOf('\n', body.indexOf('\n=yend') + 1);
  const before = body.subarray(0, body.indexOf('=ybegin '));
  const behind = end < 0 ? lastDot.subarray(1) : body.subarray(end);
  return [before, behind].every((octets) => trimBlanks(octets.toString('latin1')) === '');
}

/** The connection is over: where the response ends can't be known. */
const malformed = (session: Session, wait: Wait, expected: string, got: string): Error =>
  session.connection.malformed(expected, got, { ...contextOf(wait), phase: 'transfer' });

/** Few octets may become many by right: a ratio is judged only beyond this. */
const alwaysAllowed = 16 * 2 ** 20;

class Pieces {
  #session: Session;
  #pieces: Buffer[] = [];
  #tail = '\r\n';
  #came = 0;
  #made = 0;
  #wait: Wait;
  constructor(session: Session, wait: Wait) {
    this.#session = session;
    this.#wait = wait;
  }
  came(octets: number): void {
    this.#came += octets;
  }
  add(piece: Buffer): void {
    const { connection, limits } = this.#session;
    this.#made += piece.length;
    if (this.#made > limits.inflatedOctets)
      throw connection.exceeded('inflatedOctets', limits.inflatedOctets, contextOf(this.#wait));
    if (this.#made > alwaysAllowed && this.#made > (this.#came + 65_536) * limits.inflationRatio)
      throw connection.exceeded('inflationRatio', limits.inflationRatio, contextOf(this.#wait));
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
