// FTP against vsftpd and ProFTPD, which refuse a data connection that does not resume the control connection's session.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { FtpClient } from '@fivewire/ftp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Door, options, refuses, verified } from './doors.js';

const doors: Door[] = [
  { server: 'vsftpd', port: 'implicit', security: 'implicit-tls' },
  { server: 'vsftpd', port: 'explicit', security: 'starttls' },
  { server: 'proftpd', port: 'explicit', security: 'starttls' },
];

/** vsftpd says "550 Failed to open file." for whatever reason: that is no proof of absence. */
const absence: Record<string, string> = {
  vsftpd: 'ERR_COMMAND_REJECTED',
  proftpd: 'ERR_NOT_FOUND',
};

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
      ).rejects.toMatchObject({ code: absence[door.server], connection: 'usable' });
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

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door), auth: { user: 'alice', password: 'wrong' } };
    await expect(FtpClient.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

refuses(doors, (options) => FtpClient.connect(options));
