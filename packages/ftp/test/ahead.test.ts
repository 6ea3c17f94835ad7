/** What the next of many small files needs is asked while this one ends, where that can do no harm. */
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FtpClient } from '../src/index.js';
import { type Manners, oddServer, type Tree } from './odd-server.js';

const vsftpd: Manners = {
  features: ['EPRT', 'EPSV', 'MDTM', 'PASV', 'REST STREAM', 'SIZE', 'TVFS', 'UTF8'],
  answers: {
    STAT: '211-FTP server status:\r\n     Session timeout in seconds is 300\r\n     vsFTPd 3.0.3 - secure, fast, stable\r\n211 End of status',
  },
  deafInTransfers: true,
};
const other: Manners = { features: ['EPSV', 'SIZE', 'MDTM', 'REST STREAM'] };

const cleanups: (() => unknown)[] = [];
// Transfers that follow each other within a second are a row of them: here they do, however slow the machine.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
  vi.useRealTimers();
});

async function meeting(tree: Tree, manners: Manners) {
  const server = oddServer(tree, manners);
  const ftp = await FtpClient.connect(server.options);
  cleanups.push(() => ftp.close());
  server.said.length = 0;
  return { ...server, ftp };
}

const nowhere = () => new Writable({ write: (_piece, _encoding, done) => done() });

describe('uploads', () => {
  it('to vsftpd: size and the next port are asked before the final reply', async () => {
    const { ftp, said, tree } = await meeting({}, vsftpd);
    for (const name of 'abcd')
      expect(await ftp.upload(name, name)).toMatchObject({ proof: 'size', size: 1 });
    expect(said).toEqual([
      ...['EPSV', 'STOR a', 'SIZE a'],
      ...['EPSV', 'STOR b', 'SIZE b'],
      ...['STAT', 'EPSV', 'STOR c', 'SIZE c', 'EPSV'],
      ...['STOR d', 'SIZE d', 'EPSV'],
    ]);
    expect(tree).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd' });
  });

  it('to others: in one flight, when all is over', async () => {
    const { ftp, said } = await meeting({}, other);
    for (const name of 'abcd') await ftp.upload(name, name);
    expect(said).toEqual([
      ...['EPSV', 'STOR a', 'SIZE a'],
      ...['EPSV', 'STOR b', 'SIZE b'],
      ...['EPSV', 'STOR c', 'SIZE c', 'EPSV'],
      ...['STOR d', 'SIZE d', 'EPSV'],
    ]);
  });

  it('that names itself as vsftpd does by its features alone is no vsftpd', async () => {
    const { ftp, said } = await meeting({ f: 'x' }, { ...vsftpd, answers: {} });
    for (let count = 0; count < 5; count += 1) await ftp.download('f', nowhere());
    expect(said.filter((line) => line === 'STAT')).toHaveLength(1);
    expect(said.slice(-3)).toEqual(['SIZE f', 'EPSV', 'RETR f']);
  });

  it.each([vsftpd, other])('that break off leave the session in step, %#', async (manners) => {
    const { ftp, tree, manners: now } = await meeting({}, manners);
    for (const name of 'abc') await ftp.upload(name, name);
    now.breaksAfter = 2;
    await expect(ftp.upload('long', 'd')).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
      connection: 'usable',
    });
    delete now.breaksAfter;
    expect(await ftp.workingDirectory()).toBe('/');
    expect(await ftp.upload('whole', 'd')).toMatchObject({ proof: 'size' });
    expect(tree.d).toBe('whole');
  });

  it.each([vsftpd, other])('that are aborted, the same, %#', async (manners) => {
    const { ftp, tree } = await meeting({}, manners);
    for (const name of 'abc') await ftp.upload(name, name);
    const source = new PassThrough();
    source.write('half');
    const leaving = new AbortController();
    const upload = ftp.upload(source, 'd', {
      signal: leaving.signal,
      onProgress: () => leaving.abort(),
    });
    source.end();
    await expect(upload).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    expect(await ftp.workingDirectory()).toBe('/');
    expect(await ftp.upload('whole', 'd')).toMatchObject({ proof: 'size' });
    expect(tree.d).toBe('whole');
  });
});

describe('downloads', () => {
  it('from vsftpd: the next port is asked while the file comes', async () => {
    const { ftp, said } = await meeting({ f: 'text' }, vsftpd);
    for (let count = 0; count < 4; count += 1)
      expect(await ftp.download('f', nowhere())).toMatchObject({ proof: 'size', size: 4 });
    expect(said.slice(-8)).toEqual([
      ...['STAT', 'SIZE f', 'EPSV', 'RETR f', 'EPSV'],
      ...['SIZE f', 'RETR f', 'EPSV'],
    ]);
  });

  it('that break off or are refused leave the session in step', async () => {
    const { ftp, manners } = await meeting({ f: 'text', g: 'more' }, vsftpd);
    for (let count = 0; count < 3; count += 1) await ftp.download('f', nowhere());
    manners.sendsAtMost = [2];
    await expect(ftp.download('f', nowhere())).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
      connection: 'usable',
    });
    for (let count = 0; count < 3; count += 1) await ftp.download('f', nowhere());
    await expect(ftp.download('nope', nowhere())).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(await ftp.download('g', nowhere())).toMatchObject({ size: 4 });
    expect(await ftp.workingDirectory()).toBe('/');
  });
});

it('a download that is aborted leaves no reply to what was asked ahead', async () => {
  const { ftp, said, options } = await meeting({ f: 'text' }, vsftpd);
  for (let count = 0; count < 3; count += 1) await ftp.download('f', nowhere());
  expect(options.security).toBe('cleartext');
  said.length = 0;
  const leaving = new AbortController();
  const target = new Writable({ write: () => leaving.abort() });
  const download = ftp.download('f', target, { signal: leaving.signal });
  await expect(download).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
  // NOOP's answer marks where the others end.
  expect(said).toEqual(['SIZE f', 'RETR f', 'EPSV', 'ABOR', 'NOOP']);
  expect(await ftp.workingDirectory()).toBe('/');
});

it('a port that is old is asked for again', async () => {
  const { ftp, said } = await meeting({}, other);
  for (const name of 'abc') await ftp.upload(name, name);
  vi.advanceTimersByTime(6_000);
  await ftp.upload('d', 'd');
  expect(said.slice(-4)).toEqual(['EPSV', 'EPSV', 'STOR d', 'SIZE d']);
});

it('a port that has gone is asked for again', async () => {
  const server = oddServer({}, other);
  const { dial } = server.options;
  let refuses = false;
  const ftp = await FtpClient.connect({
    ...server.options,
    dial: (where, how) => {
      if (!refuses || dial === undefined) return dial?.(where, how) as never;
      refuses = false;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    },
  });
  cleanups.push(() => ftp.close());
  for (const name of 'abc') await ftp.upload(name, name);
  refuses = true;
  expect(await ftp.upload('d', 'd')).toMatchObject({ proof: 'size' });
  expect(server.said.slice(-5)).toEqual(['EPSV', 'EPSV', 'STOR d', 'SIZE d', 'EPSV']);
});

it('nothing is asked ahead of servers that take one command at a time', async () => {
  const { ftp, said } = await meeting({}, { ...other, oneCommandASegment: true });
  for (const name of 'abcd') await ftp.upload(name, name);
  expect(said.slice(-3)).toEqual(['EPSV', 'STOR d', 'SIZE d']);
});
