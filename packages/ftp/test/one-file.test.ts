/** One file by its URL, against the in-memory server. */
import { link, mkdtemp, readFile, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createThrowawayCa, FileTree, startFtpServer } from '@fivewire/test-servers';
import { expect, test } from 'vitest';
import { FtpClient, fetchFile, storeFile } from '../src/index.js';

test('down and up by URL, and a connection that begins where its URL says', async () => {
  const ca = await createThrowawayCa();
  const server = await startFtpServer({
    users: { alice: 'secret', anonymous: 'anonymous@' },
    certificate: await ca.issue({ names: ['ftp.example.test'] }),
    files: new FileTree({ '/pub/a b': 'hello', '/home/x': 'at home' }),
    home: '/home',
  });
  const directory = await mkdtemp(join(tmpdir(), 'fivewire-url-'));
  const trust = { serverHostname: 'ftp.example.test', tls: { ca: ca.certificate } };
  const as = { ...trust, auth: { password: 'secret' } };
  const url = `ftps://alice@${server.host}:${server.ports['implicit-tls']}`;
  try {
    const to = join(directory, 'down');
    expect(await fetchFile(`${url}//pub/a%20b`, to, as)).toMatchObject({ proof: 'size' });
    expect(await readFile(to, 'utf8')).toBe('hello');
    // Written in place: a socket tells its end while the file is being emptied for the first octets.
    const twin = join(directory, 'twin');
    await link(to, twin);
    for (const options of [
      {},
      { resume: true },
      { atomic: false },
      { atomic: false, resume: true },
    ]) {
      await writeFile(to, 'something longer');
      if (options.resume && options.atomic === false) await writeFile(to, '');
      await fetchFile(`${url}//pub/a%20b`, twin, as, options);
      expect(await readFile(to, 'utf8')).toBe('hello');
    }
    await unlink(twin);
    await fetchFile(`${url.replace('alice@', '')}/x`, to, trust, { verify: 'hash' });
    expect(await readFile(to, 'utf8')).toBe('at home');
    await storeFile('new', `${url}/y`, as, { atomic: true });
    const ftp = await FtpClient.connect(`${url}/%2Fpub`, as);
    expect(await ftp.workingDirectory()).toBe('/pub');
    expect(await ftp.exists('a b')).toBe(true);
    expect(await ftp.stat('/home/y')).toMatchObject({ size: 3 });
    await ftp.quit();
    await expect(fetchFile(`${url}/no/such`, to, as)).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    });
    await expect(fetchFile(`${url}/pub/`, to, as)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(server.connections.every(({ lines }) => lines.at(-1) === 'QUIT')).toBe(true);
  } finally {
    await server.close();
  }
});
