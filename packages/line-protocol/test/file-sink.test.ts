/** A disk that is full in the middle of a file: what is kept of it, and what is said. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Descriptor } from '../src/local-file/descriptor.js';
import { FileSink } from '../src/local-file/file-sink.js';

afterEach(() => vi.restoreAllMocks());

/** Takes so many octets, and is full then. */
function fullAfter(octets: number): void {
  let room = octets;
  const write = Descriptor.prototype.write;
  vi.spyOn(Descriptor.prototype, 'write').mockImplementation(function (
    this: Descriptor,
    pieces,
    position,
  ) {
    if (room === 0) {
      const error = new Error('ENOSPC: no space left on device, write');
      return Promise.reject(Object.assign(error, { code: 'ENOSPC' }));
    }
    const taken = Buffer.concat(pieces).subarray(0, room);
    room -= taken.length;
    return write.call(this, [taken], position);
  });
}

async function failing(options: { atomic: boolean; resume: boolean }, room: number) {
  const place = await mkdtemp(join(tmpdir(), 'sink-'));
  fullAfter(room);
  const sink = await FileSink.open(join(place, 'f'), options);
  await sink.begin();
  void sink.take(Buffer.from('0123456789'));
  const error = await sink.flush().catch((thrown: unknown) => thrown);
  const isPart = await sink.abandon();
  const names = await readdir(place);
  const octets = await Promise.all(names.map((name) => readFile(join(place, name), 'utf8')));
  return { error, isPart, files: names.map((name, at) => [name, octets[at]]) };
}

it.each([
  [{ atomic: true, resume: true }, 4, true, [['f.part', '0123']]],
  [{ atomic: false, resume: true }, 4, true, [['f', '0123']]],
  [{ atomic: true, resume: true }, 0, false, []],
  [{ atomic: false, resume: true }, 0, false, []],
  [{ atomic: true, resume: false }, 4, false, []],
  [{ atomic: false, resume: false }, 4, false, [['f', '0123']]],
])('%j, room for %d octets', async (options, room, isPart, files) => {
  const result = await failing(options, room);
  expect(result.error).toMatchObject({
    code: 'ERR_LOCAL_IO',
    message: expect.stringMatching(/no space left on device, write '.+f\b.*'/),
    hint: expect.stringContaining('No room is left there'),
  });
  expect(result).toMatchObject({ isPart, files });
});
