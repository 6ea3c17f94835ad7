/** What a loop and a pipe over a body get: pieces in order, gathered where the consumer is slow, errors, and an end. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DirectReadable } from '../src/consumer/direct-readable.js';
import { GatheringReadable, heldBody } from '../src/index.js';

class Body extends GatheringReadable {
  override _read(): void {}
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const broken = new Error('broken');

describe('a loop over a body', () => {
  it('gives what a loop over a Readable gives, whenever pieces, the end or an error come', async () => {
    const event = fc.constantFrom('a', 'bb', 'turn', 'next');
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 15 }),
        fc.constantFrom('end', 'error', 'destroy', 'return'),
        async (events, last) => {
          const play = async (body: Readable): Promise<unknown[]> => {
            body.on('error', () => {});
            const pieces = body[Symbol.asyncIterator]();
            const results: Promise<unknown>[] = [];
            const next = (): void => {
              results.push(
                pieces.next().then(
                  ({ done, value }) => (done ? 'done' : String(value)),
                  (error: { message: string }) => error.message,
                ),
              );
            };
            for (const what of events) {
              if (what === 'turn') await turn();
              else if (what === 'next') next();
              else body.push(what);
            }
            if (last === 'return') {
              await Promise.all(events.includes('next') ? [] : results);
              body.push(null);
            } else if (last === 'end') body.push(null);
            else body.destroy(last === 'error' ? broken : undefined);
            for (let i = 0; i < 20; i++) next();
            const all = (await Promise.all(results)) as string[];
            // How octets are cut depends on turns; what they are does not.
            const octets = all.filter((text) => /^[ab]+$/.test(text)).join('');
            const ends = [...new Set(all.filter((text) => !/^[ab]+$/.test(text)))];
            return last === 'end' || last === 'return' ? [octets, ends] : [ends];
          };
          const ours = await play(new Body());
          const nodes = await play(new Readable({ read() {} }));
          expect(ours).toEqual(nodes);
        },
      ),
    );
  });

  it('destroys the body when it is left early, and not when it was read', async () => {
    const left = new Body();
    left.push('x');
    for await (const piece of left) {
      expect(piece.toString()).toBe('x');
      break;
    }
    expect(left.destroyed).toBe(true);
    const read = new Body();
    read.push('x');
    read.push(null);
    let ended = false;
    read.on('end', () => {
      ended = true;
    });
    for await (const _ of read);
    expect(read.readableEnded).toBe(true);
    await turn();
    expect([ended, read.errored]).toEqual([true, null]);
  });

  it('leaves no listener behind', async () => {
    const body = new Body();
    const pieces = body[Symbol.asyncIterator]();
    for (let i = 0; i < 20; i++) {
      const next = pieces.next();
      await turn();
      body.push('x');
      await next;
    }
    for (const event of ['readable', 'end', 'close']) expect(body.listenerCount(event)).toBe(0);
  });
});

describe('a body whose octets a loop takes directly', () => {
  /** All of it is here, as it is of most messages. */
  class Here extends DirectReadable {
    constructor(...pieces: string[]) {
      super();
      for (const piece of pieces) this.keep(Buffer.from(piece));
      this.whole = true;
    }
    protected override takeIn(): void {}
    protected override waitForMore(): void {}
    override _read(): void {
      this.stream();
    }
  }

  it('is a Readable that was read to its end, for all that asks afterwards', async () => {
    const body = new Here('a', 'b');
    const pieces: string[] = [];
    for await (const piece of body) pieces.push(String(piece));
    expect(pieces).toEqual(['ab']);
    const { readableEnded, destroyed, readableDidRead, readableLength, errored } = body;
    expect({ readableEnded, destroyed, readableDidRead, readableLength, errored }).toEqual({
      readableEnded: true,
      destroyed: true,
      readableDidRead: true,
      readableLength: 0,
      errored: null,
    });
    await finished(body);
    expect(await text(body.pipe(new PassThrough()))).toBe('');
    const again: unknown[] = [];
    for await (const piece of body) again.push(piece);
    expect(again).toEqual([]);
  });

  it('tells its end to those who listened before, and after', async () => {
    for (const before of [true, false]) {
      const body = new Here('a');
      const told: string[] = [];
      const listen = (): void => {
        for (const event of ['end', 'close']) body.on(event, () => told.push(event));
      };
      if (before) listen();
      for await (const _ of body);
      if (!before) listen();
      await turn();
      expect(told).toEqual(['end', 'close']);
    }
  });

  it('gives the rest to a pipe, to read(), or to no one', async () => {
    const two = (): Here => new Here('a', 'x'.repeat(300_000));
    const piped = two();
    expect(String((await piped[Symbol.asyncIterator]().next()).value)).toBe('a');
    expect(await text(piped.pipe(new PassThrough()))).toHaveLength(300_000);
    const read = two();
    read.on('readable', () => {});
    await turn();
    expect(read.read(2)?.toString()).toBe('ax');
    const left = two();
    for await (const _ of left) break;
    expect(left.destroyed).toBe(true);
    expect(left.readableEnded).toBe(false);
    await expect(left[Symbol.asyncIterator]().next()).rejects.toThrow('Premature close');
  });
});

describe('a pipe from a body', () => {
  it('gets all that has gathered at once where it is slow, never more than 256 KiB', async () => {
    const body = new Body();
    const sizes: number[] = [];
    let go: (() => void) | undefined;
    const slow = new Writable({
      highWaterMark: 1,
      write(octets: Buffer, _encoding, done) {
        sizes.push(octets.length);
        go = done;
      },
    });
    const piped = pipeline(body, slow);
    for (let i = 0; i < 40; i++) body.push(Buffer.alloc(16_384));
    body.push(null);
    while (!slow.writableFinished) {
      await turn();
      go?.();
    }
    await piped;
    expect(sizes.reduce((a, b) => a + b)).toBe(40 * 16_384);
    expect(Math.max(...sizes)).toBe(262_144);
    expect(sizes.length).toBeLessThan(6);
  });

  it('gets the pieces as they come where it keeps up', async () => {
    const body = new Body();
    const sizes: number[] = [];
    body.on('data', (octets: Buffer) => sizes.push(octets.length));
    await turn();
    for (let i = 0; i < 5; i++) body.push(Buffer.alloc(100));
    expect(sizes).toEqual([100, 100, 100, 100, 100]);
  });
});

describe('a held body', () => {
  it('is octets, pieces, or an error', async () => {
    expect(Buffer.concat(await heldBody(Buffer.from('x')).toArray()).toString()).toBe('x');
    expect(await heldBody(Buffer.alloc(0)).toArray()).toEqual([]);
    const pieces = heldBody(Readable.from([Buffer.from('a'), Buffer.alloc(0), Buffer.from('b')]));
    expect(Buffer.concat(await pieces.toArray()).toString()).toBe('ab');
    await expect(heldBody(broken).toArray()).rejects.toBe(broken);
    const source = new PassThrough();
    source.write('x');
    const held = heldBody(source);
    held.read();
    await turn();
    held.destroy();
    await turn();
    expect(source.destroyed).toBe(true);
  });
});
