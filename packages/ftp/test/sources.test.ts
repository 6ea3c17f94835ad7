/** A source is proven readable before a command goes out that changes the remote file. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { UploadSource } from '../src/index.js';
import { against, login } from './script.js';

const place = await mkdtemp(join(tmpdir(), 'ftp-'));
await symlink(place, join(place, 'link'));
await symlink('nowhere', join(place, 'dangling'));
const failing = () =>
  new Readable({
    read() {
      this.destroy(new Error('no disk'));
    },
  });
const destroyed = () => {
  const stream = new PassThrough();
  stream.on('error', () => {});
  stream.destroy(new Error('gone before'));
  return stream;
};

const consumed = Readable.from(['octets']);
await consumed.toArray();
const consumedOnTheWeb = new Blob(['octets']).stream();
for await (const piece of consumedOnTheWeb) expect(piece.length).toBe(6);

describe.each(['upload', 'append'] as const)('%s sends nothing for', (method) => {
  it.each<[string, () => UploadSource, string]>([
    ['a directory', () => ({ file: place }), 'ERR_LOCAL_PATH'],
    ['a link to a directory', () => ({ file: join(place, 'link') }), 'ERR_LOCAL_PATH'],
    ['a file that is not there', () => ({ file: join(place, 'nope') }), 'ERR_LOCAL_IO'],
    ['a link to nothing', () => ({ file: join(place, 'dangling') }), 'ERR_LOCAL_IO'],
    ['a stream that fails at its first read', failing, 'ERR_LOCAL_IO'],
    ['a stream that failed before', destroyed, 'ERR_LOCAL_IO'],
    ['a stream that was read to its end', () => consumed, 'ERR_LOCAL_IO'],
    [
      'a web stream that was read to its end',
      () => consumedOnTheWeb as unknown as UploadSource,
      'ERR_LOCAL_IO',
    ],
    [
      'a generator that throws at once',
      async function* () {
        yield* [] as string[];
        throw new Error('no');
      },
      'ERR_LOCAL_IO',
    ],
    [
      'a generator that throws behind nothing',
      async function* () {
        yield '';
        throw new Error('no');
      },
      'ERR_LOCAL_IO',
    ],
    [
      'a web stream that errors',
      () =>
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.error(new Error('no')),
        }) as never,
      'ERR_LOCAL_IO',
    ],
  ])('%s', async (_what, source, code) => {
    const { said } = await against(`${login}C: NOOP\nS: 200 ok\n`, async (ftp) => {
      await expect(ftp[method](source(), '/f')).rejects.toMatchObject({
        code,
        connection: 'usable',
      });
      await ftp.command('NOOP');
    });
    expect(said.slice(-2)).toEqual(['TYPE I', 'NOOP']);
  });
});

it('gives a source up that gives nothing, on a signal', async () => {
  await against(`${login}C: NOOP\nS: 200 ok\n`, async (ftp) => {
    const given = new AbortController();
    const upload = ftp.upload(new PassThrough(), '/f', { signal: given.signal });
    setImmediate(() => given.abort());
    await expect(upload).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    await ftp.command('NOOP');
  });
});

it('gives a named pipe up that nothing writes to, and closes it when something does', async () => {
  const file = join(place, 'pipe');
  execFileSync('mkfifo', [file]);
  await against(`${login}C: NOOP\nS: 200 ok\n`, async (ftp) => {
    const given = new AbortController();
    const upload = ftp.upload({ file }, '/f', { signal: given.signal });
    setImmediate(() => given.abort());
    await expect(upload).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    await ftp.command('NOOP');
  });
  const writer = await open(file, 'w'); // opens once the reader has
  await writer.close();
});

it.each([0, 1, 1_048_574, 1_048_575, 1_048_576, 1_048_577, 2_500_000])(
  'a file of %i octets goes whole',
  async (size) => {
    const file = join(place, `f${size}`);
    const text = 'abcdefghij'.repeat(Math.ceil(size / 10)).slice(0, size);
    await writeFile(file, text);
    const script = `${login}C: EPSV\nS: 229 ok (|||6446|)\nDATA\nC: STOR /f\nS: 150 go\nU: ${text}\nS: 226 done\n`;
    const { result } = await against(script, (ftp) =>
      ftp.upload({ file }, '/f', { verify: false }),
    );
    expect(result.octets).toBe(size);
  },
);

it('an empty stream is an empty file', async () => {
  const script = `${login}C: EPSV\nS: 229 ok (|||6446|)\nDATA\nC: STOR /f\nS: 150 go\nU:\nS: 226 done\n`;
  const { result } = await against(script, (ftp) =>
    ftp.upload(Readable.from([]), '/f', { verify: false }),
  );
  expect(result.octets).toBe(0);
});

it.each(['close', 'S: 421 bye\nclose'])(
  'control that goes right behind 226 is no failed upload: %s',
  async (end) => {
    const script = `${login}C: EPSV\nS: 229 ok (|||6446|)\nDATA\nC: STOR /f\nS: 150 go\nU: hello\nS: 226 done\n${end}\n`;
    const { result } = await against(script, (ftp) => ftp.upload('hello', '/f'));
    expect(result).toMatchObject({ octets: 5, proof: 'final-reply' });
  },
);
