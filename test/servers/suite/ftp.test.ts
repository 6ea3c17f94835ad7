// FTP against vsftpd and ProFTPD, which refuse a data connection that does not resume the control connection's session.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FtpClient } from '@fivewire/ftp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Door, options, refuses, verified } from './doors.js';

const doors: Door[] = [
  { server: 'vsftpd', port: 'implicit', security: 'implicit-tls' },
  { server: 'vsftpd', port: 'explicit', security: 'starttls' },
  { server: 'proftpd', port: 'explicit', security: 'starttls' },
  { server: 'pureftpd', port: 'explicit', security: 'starttls' },
  { server: 'pyftpdlib', port: 'explicit', security: 'starttls' },
];

const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

describe.each(doors)('FTP by $security, $server', (door) => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fivewire-ftp-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('makes a directory, uploads, lists, stats, renames, downloads and removes', async () => {
    const content = randomBytes(1 << 20);
    await writeFile(join(directory, 'up'), content);
    const folder = `folder-${randomUUID()}`;
    const ftp = await FtpClient.connect(options(door));
    try {
      expect(ftp.security).toMatchObject(verified(door));
      await ftp.mkdir(folder);
      const uploaded = await ftp.upload({ file: join(directory, 'up') }, `${folder}/one.bin`);
      expect(uploaded).toMatchObject({ octets: content.length });
      await ftp.upload('a text with ümlauts\n', `${folder}/two.txt`);

      const names: string[] = [];
      for await (const entry of ftp.list(folder)) names.push(entry.name);
      expect(names.sort()).toEqual(['one.bin', 'two.txt']);
      expect(await ftp.stat(`${folder}/one.bin`)).toMatchObject({
        type: 'file',
        size: content.length,
      });

      await ftp.rename(`${folder}/one.bin`, `${folder}/three.bin`);
      const downloaded = await ftp.download(`${folder}/three.bin`, join(directory, 'down'));
      expect(downloaded).toMatchObject({ octets: content.length, proof: 'size' });
      expect(sha256(await readFile(join(directory, 'down')))).toBe(sha256(content));
      expect(sha256(await buffer(ftp.createReadStream(`${folder}/three.bin`)))).toBe(
        sha256(content),
      );

      await ftp.remove(`${folder}/three.bin`);
      expect(await ftp.stat(`${folder}/three.bin`)).toBeUndefined();
      await expect(
        ftp.download(`${folder}/three.bin`, join(directory, 'gone')),
      ).rejects.toMatchObject({ code: 'ERR_NOT_FOUND', connection: 'usable' });
      await ftp.remove(folder, { recursive: true });
      const left: string[] = [];
      for await (const entry of ftp.list('.')) left.push(entry.name);
      expect(left).not.toContain(folder);
    } finally {
      await ftp.quit();
    }
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'transfers empty files and many small ones, each on a resumed session of %s',
    async (version) => {
      const folder = `small-${randomUUID()}`;
      const given = options(door, 'bob');
      const ftp = await FtpClient.connect({ ...given, tls: { ...given.tls, maxVersion: version } });
      try {
        expect(ftp.security.protocol).toBe(version);
        await ftp.mkdir(folder);
        await ftp.upload('', `${folder}/empty`);
        for (let index = 0; index < 20; index++) {
          await ftp.upload(`file ${index}`, `${folder}/${index}`);
        }
        expect(await buffer(ftp.createReadStream(`${folder}/empty`))).toHaveLength(0);
        expect(String(await buffer(ftp.createReadStream(`${folder}/19`)))).toBe('file 19');
        await ftp.remove(folder, { recursive: true });
      } finally {
        await ftp.quit();
      }
    },
  );

  test('what is not there, files and odd paths are told apart alike', async () => {
    const folder = `odd [1] ${randomUUID()}`;
    const ftp = await FtpClient.connect(options(door));
    const names = async (path: string) => {
      const held: string[] = [];
      for await (const entry of ftp.list(path)) held.push(entry.path);
      return held;
    };
    try {
      await ftp.mkdir(`${folder}/empty`, { parents: true });
      await ftp.upload('x', `${folder}/f`);
      expect((await names(folder)).sort()).toEqual([`${folder}/empty`, `${folder}/f`]);
      expect(await names(`${folder}/empty`)).toEqual([]);
      expect(await names(`${folder}/f`)).toEqual([`${folder}/f`]);
      await expect(names(`${folder}/nope`)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      await expect(names('no/such/path')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      expect(await ftp.stat('no/such/path')).toBeUndefined();
      expect((await ftp.stat(`${folder}/empty`))?.type).toBe('directory');
      await ftp.remove(folder, { recursive: true });
      expect(await ftp.stat(folder)).toBeUndefined();
    } finally {
      await ftp.quit();
    }
  });

  test.each(['up', 'down'] as const)(
    'thirty transfers %s, given up at different moments, and what is said of the session holds',
    async (direction) => {
      const path = `given-up-${randomUUID()}`;
      let ftp = await FtpClient.connect(options(door));
      await ftp.upload(Buffer.alloc(4 << 20), path);
      for (let round = 0; round < 30; round++) {
        const given = new AbortController();
        const { signal } = given;
        const transfer =
          direction === 'down'
            ? ftp.download(path, new PassThrough().resume(), { signal })
            : ftp.upload(endless(), path, { signal });
        setTimeout(() => given.abort(), (round * 7) % 31);
        const error = await transfer.then(
          () => undefined,
          (caught: { connection: string }) => caught,
        );
        if (error === undefined || error.connection === 'usable') await ftp.command('NOOP');
        else {
          ftp.close();
          ftp = await FtpClient.connect(options(door));
        }
      }
      await ftp.remove(path);
      await ftp.quit();
    },
  );

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door), auth: { user: 'alice', password: 'wrong' } };
    await expect(FtpClient.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.alloc(10_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

refuses(doors, (options) => FtpClient.connect(options));
