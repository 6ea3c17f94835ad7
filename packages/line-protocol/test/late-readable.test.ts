/** Bodies are Readables to Node although it makes their state late: what Node's own functions of streams find, whenever they look. */
import { once } from 'node:events';
import { PassThrough, Readable, type Stream } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { heldBody } from '../src/consumer/held-body.js';

const held = (text = 'one two'): Readable => heldBody(Buffer.from(text));

const loop = async (body: Readable): Promise<string> => {
  let text = '';
  for await (const piece of body) text += (piece as Buffer).toString();
  return text;
};

/** What can be asked of a Readable, the same of ours and of one of Node's. */
const said = (body: Readable) => ({
  isReadable: body instanceof Readable,
  readable: body.readable,
  destroyed: body.destroyed,
  errored: body.errored,
  closed: body.closed,
  ended: body.readableEnded,
  didRead: body.readableDidRead,
  flowing: body.readableFlowing,
  aborted: body.readableAborted,
  objectMode: body.readableObjectMode,
  encoding: body.readableEncoding,
  isPaused: body.isPaused(),
  isDisturbed: Readable.isDisturbed(body),
  isErrored: (Readable as unknown as { isErrored(s: Stream): boolean }).isErrored(body),
});

const nodes = (text = 'one two'): Readable =>
  Readable.from([Buffer.from(text)], { objectMode: false });

describe('a body that nothing has happened to', () => {
  it('answers as a Readable of Node does', () => {
    expect(said(held())).toEqual(said(nodes()));
    expect(inspect(held())).toContain('HeldOctets');
  });

  it.each<[string, (body: Readable) => Promise<unknown>]>([
    ['pipeline', (body) => pipeline(body, async (pieces) => buffer(pieces as Readable))],
    ['pipe', (body) => buffer(body.pipe(new PassThrough()))],
    ['buffer', buffer],
    ['toArray', async (body) => Buffer.concat(await body.toArray())],
    ['map', async (body) => Buffer.concat(await body.map((piece: Buffer) => piece).toArray())],
    ['iterator', async (body) => Buffer.concat(await Readable.from(body.iterator()).toArray())],
    [
      'a web stream',
      async (body) =>
        Buffer.from(await new Response(Readable.toWeb(body) as ReadableStream).arrayBuffer()),
    ],
    [
      'setEncoding',
      async (body) => Buffer.from((await body.setEncoding('latin1').toArray()).join('')),
    ],
    [
      'data',
      async (body) => {
        const pieces: Buffer[] = [];
        body.on('data', (piece: Buffer) => pieces.push(piece));
        await once(body, 'end');
        return Buffer.concat(pieces);
      },
    ],
    [
      'read',
      async (body) => {
        await once(body, 'readable');
        return body.read();
      },
    ],
  ])('can be read by %s', async (_, read) => {
    expect(String(await read(held()))).toBe('one two');
  });

  it('tells its end to who listened before the first octet was asked for', async () => {
    const body = held();
    const end = once(body, 'end');
    const close = once(body, 'close');
    expect(await loop(body)).toBe('one two');
    await Promise.all([end, close, finished(body)]);
    expect(said(body)).toMatchObject({ ended: true, destroyed: true, isDisturbed: true });
  });

  it('is finished after a loop, for those who ask late', async () => {
    const body = held();
    await loop(body);
    await finished(body);
    expect(await loop(body)).toBe('');
  });

  it('is destroyed with its error, and says so', async () => {
    const body = held();
    const error = new Error('enough');
    const told = new Promise((resolve) => body.on('close', resolve));
    body.destroy(error);
    await told;
    expect(said(body)).toMatchObject({ destroyed: true, errored: error, isErrored: true });
    await expect(loop(body)).rejects.toBe(error);
  });

  it('ends a loop that a signal of addAbortSignal aborts', async () => {
    const body = held();
    const controller = new AbortController();
    (await import('node:stream')).addAbortSignal(controller.signal, body);
    controller.abort();
    await expect(loop(body)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
