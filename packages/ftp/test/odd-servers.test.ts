/** Optional behaviour has a way back, and nothing is concluded from what was not understood. */
import { describe, expect, it } from 'vitest';
import { createFtpPool, type Entry, FtpClient } from '../src/index.js';
import { type Manners, type OddServer, oddServer, type Tree } from './odd-server.js';

const rows = async (entries: AsyncIterable<Entry>): Promise<string[]> => {
  const held: string[] = [];
  for await (const { path, type } of entries) held.push(type === 'directory' ? `${path}/` : path);
  return held.sort();
};
async function on<T>(
  tree: Tree,
  manners: Manners,
  work: (ftp: FtpClient, server: OddServer) => Promise<T>,
): Promise<T> {
  const server = oddServer(tree, manners);
  const ftp = await FtpClient.connect(server.options);
  try {
    const result = await work(ftp, server);
    expect(server.place()).toBe(manners.home ?? '/');
    return result;
  } finally {
    ftp.close();
  }
}
const count = (server: OddServer, verb: RegExp): number =>
  server.said.filter((line) => verb.test(line)).length;

const tree = (): Tree => ({
  d: { f: 'abc', s: { t: 'x' } },
  'a [b] c': { in: 'y' },
  a: { wrong: 'z' },
  empty: {},
  same: { same: 'q' },
  'x.txt': 'hello',
});
const mlst = ['MLST type*;size*;modify*;', 'EPSV', 'SIZE', 'MDTM', 'REST STREAM'];

describe('a server that loses commands of one segment', () => {
  it.each<[string, Manners]>([
    ['reads one command a segment', { oneCommandASegment: true }],
    ['takes a segment for a command', { segmentIsCommand: true }],
  ])('%s', async (_what, manners) => {
    await on(tree(), manners, async (ftp, server) => {
      expect(ftp.capabilities.has('SIZE')).toBe(true);
      await ftp.upload('new', '/d/new');
      await ftp.mkdir('/m/n/o', { parents: true });
      await ftp.rename('/d/new', '/d/old');
      expect((await ftp.stat('/d/old'))?.size).toBe(3);
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/old', '/d/s/']);
      await ftp.remove('/d', { recursive: true });
      expect(server.tree).not.toHaveProperty('d');
    });
  });

  it.each(['closes', 'says nothing'] as const)('and then %s is dialled again', async (onFlight) => {
    const servers: OddServer[] = [];
    const ftp = await FtpClient.connect({
      ...oddServer({}).options,
      timeouts: { reply: 1_000, close: 100 },
      dial: (to, call) => {
        if (to.purpose === 'control') servers.push(oddServer(tree(), { onFlight }));
        return (servers.at(-1) as OddServer).options.dial?.(to, call) as never;
      },
    });
    expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
    expect((await ftp.stat('/d/f'))?.size).toBe(3);
    expect(servers).toHaveLength(2);
    ftp.close();
  });

  it('is remembered by a pool', async () => {
    const servers: OddServer[] = [];
    const pool = createFtpPool({
      host: 'ftp.example.test',
      security: 'cleartext',
      allowCleartextAuth: true,
      auth: { user: 'alice', password: 'secret' },
      maxConnections: 1,
      maxUses: 1,
      dial: (to, call) => {
        if (to.purpose === 'control') servers.push(oddServer(tree(), { oneCommandASegment: true }));
        return (servers.at(-1) as OddServer).options.dial?.(to, call) as never;
      },
    });
    await pool.stat('/d');
    await pool.stat('/d');
    expect(servers).toHaveLength(2);
    expect(count(servers[0] as OddServer, /^FEAT/)).toBe(2);
    expect(count(servers[1] as OddServer, /^FEAT/)).toBe(1);
    await pool.close();
  });
});

describe('listings', () => {
  it.each([
    '202 superfluous',
    '500 no',
    '501 no',
    '502 no',
    '504 no',
    '522 no',
    '530 no',
    '550 no',
  ])('MLSD says %s: LIST', async (answer) => {
    await on(tree(), { features: mlst, answers: { MLSD: answer } }, async (ftp, server) => {
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
      expect(await rows(ftp.list('/d/s'))).toEqual(['/d/s/t']);
      expect(count(server, /^MLSD/)).toBe(1);
    });
  });

  it.each(['refused', 'empty'] as const)('LIST -a is %s: LIST', async (all) => {
    await on(tree(), { all }, async (ftp, server) => {
      expect(await rows(ftp.list('/d', { hidden: true }))).toEqual(['/d/f', '/d/s/']);
      expect(await rows(ftp.list('/d', { hidden: true }))).toEqual(['/d/f', '/d/s/']);
      expect(count(server, /^LIST -a/)).toBe(1);
    });
  });

  it.each(['refused', 'empty', 'cut at the blank'] as const)(
    'blanks and brackets in paths, %s',
    async (oddPaths) => {
      for (const features of [undefined, mlst]) {
        if (features !== undefined && oddPaths === 'cut at the blank') continue;
        await on(tree(), { oddPaths, ...(features && { features }) }, async (ftp) => {
          expect(await rows(ftp.list('/a [b] c'))).toEqual(['/a [b] c/in']);
          expect(await rows(ftp.list('a [b] c'))).toEqual(['a [b] c/in']);
          expect(await rows(ftp.list('/', { recursive: true }))).toContain('/a [b] c/in');
        });
      }
    },
  );

  it.each([undefined, mlst])(
    'a server that lists the working directory whatever it is told, %s',
    async (features) => {
      const manners = { ignoresArgument: true, ...(features && { features }) };
      await on(tree(), manners, async (ftp) => {
        expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
        expect(await rows(ftp.list('/d/s'))).toEqual(['/d/s/t']);
        expect(await rows(ftp.list('/', { recursive: true }))).toHaveLength(12);
        expect((await ftp.stat('/d/s/t'))?.type).toBe('file');
      });
      await on(tree(), manners, async (ftp, server) => {
        await ftp.remove('/d', { recursive: true });
        expect(Object.keys(server.tree)).toHaveLength(5);
      });
    },
  );

  it.each([undefined, mlst].flatMap((features) => ['/', '/a'].map((home) => ({ features, home }))))(
    'one that shows nothing of the path there is found out by the second listing, %j',
    async (given) => {
      const { features, home } = given;
      const nested: Tree = { a: { one: {}, two: 'x' }, b: { three: 'y' }, c: { four: 'z' } };
      const manners = { ignoresArgument: true, home, ...(features && { features }) };
      await on(nested, manners, async (ftp) => {
        await rows(ftp.list('/elsewhere')).catch(() => []);
        expect(await rows(ftp.list('/b'))).toEqual(['/b/three']);
        expect(await rows(ftp.list('/c'))).toEqual(['/c/four']);
      });
      await on(nested, manners, async (ftp, server) => {
        await rows(ftp.list('/elsewhere', { recursive: true })).catch(() => []);
        expect(server.said.length).toBeLessThan(25); // and not a hundred levels down
        expect(await rows(ftp.list('/b'))).toEqual(['/b/three']);
      });
    },
  );

  it('first entries come though a server that is not proven sends line by line, and slowly', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, 'x']));
    const server = oddServer({ d: many }, { drips: 20 });
    const ftp = await FtpClient.connect(server.options);
    // Each line comes sooner than entries are held back: 500 of them would be ten seconds.
    for await (const { path } of ftp.list('/d')) {
      expect(path).toBe('/d/f0');
      break;
    }
    ftp.close();
  }, 5_000);

  it('brackets and quotes at the ends of names are no VMS and no MVS where the server is of another kind', async () => {
    const odd = { d: { '[c]': { in: { f: 'x' } } }, '[top]': { s: { g: 'y' } }, "'q'": { h: 'z' } };
    await on(odd, {}, async (ftp, server) => {
      expect(await rows(ftp.list('d', { recursive: true }))).toEqual([
        'd/[c]/',
        'd/[c]/in/',
        'd/[c]/in/f',
      ]);
      expect(await rows(ftp.list('[top]', { recursive: true }))).toEqual(['[top]/s/', '[top]/s/g']);
      expect(await rows(ftp.list("'q'"))).toEqual(["'q'/h"]);
      await ftp.remove('d', { recursive: true });
      await ftp.remove('[top]', { recursive: true });
      expect(Object.keys(server.tree)).toEqual(["'q'"]);
    });
  });

  it('errors show names as they are written', async () => {
    await on({}, {}, async (ftp) => {
      await expect(ftp.rename('/grün', '/x')).rejects.toMatchObject({
        command: 'RNFR /grün',
        message: expect.stringContaining('RNFR /grün'),
      });
    });
  });

  it('twins are no such server', async () => {
    await on({ a: { same: 'x' }, b: { same: 'x' }, c: {} }, {}, async (ftp, server) => {
      for (const path of ['/a', '/b', '/a', '/b'])
        expect(await rows(ftp.list(path))).toEqual([`${path}/same`]);
      expect(count(server, /^CWD/)).toBe(2);
      expect(await rows(ftp.list('/c'))).toEqual([]);
    });
  });

  it('a directory that holds a directory of its own name is no such server', async () => {
    await on({ d: { d: { f: '' } } }, {}, async (ftp, server) => {
      expect(await rows(ftp.list('/d'))).toEqual(['/d/d/']);
      expect(await rows(ftp.list('/d/d'))).toEqual(['/d/d/f']);
      expect(count(server, /^CWD/)).toBe(2);
    });
  });

  it.each<Manners>([
    {},
    { missing: 'empty' },
    { missing: 'in the listing' },
    { missing: 'empty', refusal: 'Failed to change directory.' },
    { refusal: "Can't check for file existence" },
    { refusal: 'Das System kann die angegebene Datei nicht finden.' },
    { features: mlst },
    { features: mlst, missing: 'empty' },
    { features: mlst, refusal: 'cannot be listed' },
    { showsItself: true },
    { answers: { PWD: '500 unknown' } },
  ])('what is not there is ERR_NOT_FOUND, a file is its own entry, %j', async (manners) => {
    await on(tree(), manners, async (ftp) => {
      await expect(rows(ftp.list('/nope'))).rejects.toMatchObject({
        code: 'ERR_NOT_FOUND',
        connection: 'usable',
      });
      await expect(rows(ftp.list('/no/pe'))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      expect(await ftp.stat('/nope')).toBeUndefined();
      expect(await ftp.stat('/no/pe')).toBeUndefined();
      expect(await rows(ftp.list('/x.txt'))).toEqual(['/x.txt']);
      expect(await rows(ftp.list('x.txt'))).toEqual(['x.txt']);
      expect(await rows(ftp.list('/d/f'))).toEqual(['/d/f']);
      expect((await ftp.stat('/d'))?.type).toBe('directory');
      if (manners.answers !== undefined) return;
      expect(await rows(ftp.list('/same'))).toEqual(['/same/same']);
      expect(await rows(ftp.list('/empty'))).toEqual([]);
    });
  });

  it('a directory whose listing says in words that nothing is there is empty', async () => {
    const row = () => 'No files found.';
    await on({ d: { hidden: 'x' } }, { row }, async (ftp) => {
      expect(await rows(ftp.list('/d'))).toEqual([]);
    });
  });

  it('lines that came and could not be read are an error where nothing else was', async () => {
    const row = () => 'a name in a tongue that is not known';
    await on(tree(), { row }, async (ftp) => {
      await expect(rows(ftp.list('/d'))).rejects.toMatchObject({
        code: 'ERR_MALFORMED_RESPONSE',
        connection: 'usable',
      });
      await expect(ftp.stat('/d/q')).rejects.toMatchObject({ code: 'ERR_MALFORMED_RESPONSE' });
    });
  });
});

describe('an ambiguous 550', () => {
  const refusal = 'Failed to open file.';
  it('is told apart by one look at what is there', async () => {
    await on(tree(), { refusal }, async (ftp) => {
      const sink = () =>
        import('node:stream').then(({ PassThrough }) => new PassThrough().resume());
      for (const call of [
        async (path: string) => ftp.download(path, await sink()),
        (path: string) => ftp.rename(path, '/new'),
        (path: string) => ftp.remove(path),
      ]) {
        await expect(call('/d/nope')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
        await expect(call('/no/pe')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
      }
      await expect(ftp.download('/d', await sink())).rejects.toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
      await expect(ftp.remove('/d')).rejects.toMatchObject({ code: 'ERR_COMMAND_REJECTED' });
    });
  });
});

describe("success by another command's code", () => {
  it('is the answer where nothing else comes, and is known from then on', async () => {
    const successCode = { DELE: 226, RNFR: 226, RNTO: 257, MKD: 226 };
    await on({ a: 'x', b: 'y', c: 'z' }, { successCode }, async (ftp, server) => {
      await ftp.remove('/a');
      await ftp.remove('/b');
      await ftp.rename('/c', '/d');
      await ftp.mkdir('/e');
      expect(server.tree).toEqual({ d: 'z', e: {} });
      await expect(ftp.remove('/nope')).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    });
  });

  it.each([
    ['TYPE', '250 hello\r\n200 ok'],
    ['EPSV', '200 hello\r\n229 ok (|||6446|)'],
    ['EPSV', '220 hello\r\n229 ok (|||6446|)'],
  ])('ahead of the own one of %s is a notice', async (verb, answer) => {
    await on(tree(), { answers: { [verb]: answer } }, async (ftp) => {
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
      await ftp.upload('new', '/d/new');
      expect((await ftp.stat('/d/new'))?.size).toBe(3);
    });
  });

  it('of a listing, of an upload', async () => {
    const successCode = { LIST: 257 };
    await on(tree(), { successCode }, async (ftp) => {
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
    });
  });
});

describe('SIZE that is answered by 200', () => {
  it('does not make a size of the time that MDTM answers', async () => {
    await on(tree(), { answers: { SIZE: '200 ok' } }, async (ftp) => {
      for (let round = 0; round < 2; round += 1) {
        const entry = await ftp.stat('/x.txt');
        expect(entry).toMatchObject({ type: 'file', size: 5 });
        expect(entry?.modified?.getUTCFullYear()).toBe(2024);
      }
    });
  });
});

describe('SIZE that reads like a time', () => {
  it('is a size all the same where MDTM is refused', async () => {
    const answers = { SIZE: '213 202401051234', MDTM: '550 no' };
    await on(tree(), { answers }, async (ftp) => {
      const entry = await ftp.stat('/x.txt');
      expect(entry).toMatchObject({ type: 'file', size: 202_401_051_234 });
      expect(entry).not.toHaveProperty('modified');
    });
  });
});

describe('empty lines between replies', () => {
  it('mean nothing, and are no answer', async () => {
    const answers = {
      FEAT: '\r\n211-Features\r\n EPSV\r\n SIZE\r\n\r\n211 End\r\n',
      DELE: '\r\n\r\n250 gone\r\n',
      TYPE: '200 ok\r\n',
    };
    await on(tree(), { answers }, async (ftp) => {
      expect([...ftp.capabilities.keys()]).toEqual(['EPSV', 'SIZE']);
      await ftp.remove('/x.txt');
      expect((await ftp.stat('/d/f'))?.size).toBe(3);
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
    });
  });
});

describe('the facts of MLST', () => {
  it.each([
    '250-Listing\r\n  type=file;size=5; /x.txt\r\n250 End',
    '250-Listing\r\ntype=file;size=5; /x.txt\r\n250 End',
    '250-Listing\r\n250-type=file;size=5; /x.txt\r\n250 End',
    '250 type=file;size=5; /x.txt',
    '250 ok',
  ])('%j', async (answer) => {
    await on(tree(), { features: mlst, answers: { MLST: answer } }, async (ftp) => {
      expect(await ftp.stat('/x.txt')).toMatchObject({ type: 'file', size: 5 });
    });
  });
});

describe('the facts of MLST behind the code', () => {
  it.each([
    '250 type=file;size=5; /x.txt',
    '250-type=file;size=5; /x.txt\r\n250 End',
    '250-Listing\r\n250 type=file;size=5; /x.txt',
  ])('are read where they stand: %j', async (answer) => {
    await on(tree(), { features: mlst, answers: { MLST: answer } }, async (ftp, server) => {
      expect(await ftp.stat('/x.txt')).toMatchObject({ type: 'file', size: 5 });
      expect(count(server, /^(?:SIZE|LIST|MLSD)/)).toBe(0);
    });
  });
});

describe('202, "superfluous at this site"', () => {
  it.each<[string, (ftp: FtpClient) => Promise<unknown>]>([
    ['DELE', (ftp) => ftp.remove('/x.txt')],
    ['MKD', (ftp) => ftp.mkdir('/new')],
    ['RNTO', (ftp) => ftp.rename('/x.txt', '/y.txt')],
    ['STOR', (ftp) => ftp.upload('text', '/y.txt')],
    ['RETR', (ftp) => ftp.createReadStream('/x.txt').toArray()],
    ['SITE', (ftp) => ftp.chmod('/x.txt', 0o600)],
  ])('is no success of %s', async (verb, call) => {
    await on(tree(), { answers: { [verb]: '202 superfluous' } }, async (ftp) => {
      await expect(call(ftp)).rejects.toMatchObject({ connection: 'usable' });
      expect(await ftp.exists('/x.txt')).toBe(true);
    });
  });

  it('is that of what may be left out', async () => {
    await on(tree(), { answers: { TYPE: '202 superfluous' } }, async (ftp) => {
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
    });
  });
});

describe('what a listing does not show', () => {
  it('is there where it can be gone into', async () => {
    const row = (name: string) => (name === 'd' ? '' : `-rw-r--r-- 1 u g 5 Jan 02 2024 ${name}`);
    await on(tree(), { row }, async (ftp) => {
      expect((await ftp.stat('/d'))?.type).toBe('directory');
      await ftp.mkdir('/d', { parents: true });
      expect(await ftp.exists('/nope')).toBe(false);
    });
  });
});

describe('a size of 0', () => {
  it('is none where octets come', async () => {
    const { PassThrough } = await import('node:stream');
    await on({ made: 'as it is read' }, { answers: { SIZE: '213 0' } }, async (ftp) => {
      const result = await ftp.download('/made', new PassThrough().resume());
      expect(result).toMatchObject({ octets: 13, proof: 'final-reply' });
    });
  });
});

describe('passive ports', () => {
  it.each([
    ['229 ok', '227 ok (127, 0, 0, 1, 25, 46)'],
    ['229 ok (|||0|)', '227 ok 127,0,0,1,25,46.'],
    ['202 superfluous', '227 ok (127 , 0 , 0 , 1 , 25 , 46 )'],
    ['451 not now', '227 ok =127,0,0,1,25,46'],
    ['200 ok', '227-ok\r\n227 (10,9,9,9,25,46)'],
  ])('%s, then %s', async (epsv, pasv) => {
    await on(tree(), { answers: { EPSV: epsv, PASV: pasv } }, async (ftp) => {
      expect(await rows(ftp.list('/d'))).toEqual(['/d/f', '/d/s/']);
    });
  });
});

describe('SIZE of a directory', () => {
  it('makes no file of it', async () => {
    await on(tree(), { sizeOfDirectories: true }, async (ftp) => {
      expect((await ftp.stat('/d'))?.type).toBe('directory');
      expect((await ftp.stat('/d/f'))?.type).toBe('file');
      await ftp.mkdir('/d/s', { parents: true });
      await ftp.remove('/d', { recursive: true });
    });
  });
});

describe('names in the charset that was there before', () => {
  it('are fetched by the text that the listing gave for them', async () => {
    const latin = Buffer.from('müller', 'latin1').toString('latin1');
    const utf8 = Buffer.from('größe', 'utf8').toString('latin1');
    const mixed = { [latin]: { [utf8]: 'abc', [`${latin}.txt`]: 'de' }, [utf8]: {} };
    await on(mixed, {}, async (ftp, server) => {
      expect(await rows(ftp.list('/', { recursive: true }))).toEqual([
        '/größe/',
        '/müller/',
        '/müller/größe',
        '/müller/müller.txt',
      ]);
      expect((await ftp.stat('/müller/müller.txt'))?.size).toBe(2);
      await ftp.remove('/müller/größe');
      await ftp.upload('x', '/größe/neu');
      expect(server.tree[utf8]).toEqual({ neu: 'x' });
      await ftp.remove('/müller', { recursive: true });
      expect(Object.keys(server.tree)).toEqual([utf8]);
    });
  });

  it('a name that is there in both charsets is the one in UTF-8', async () => {
    const latin = 'ü'.repeat(2);
    const utf8 = Buffer.from(latin, 'utf8').toString('latin1');
    await on({ [latin]: 'a', [utf8]: 'bc' }, {}, async (ftp) => {
      await rows(ftp.list('/'));
      await rows(ftp.list('/'));
      expect((await ftp.stat('/üü'))?.size).toBe(2);
    });
  });
});

describe('a server that refuses to rename onto what is there', () => {
  it('is obeyed, unless told to overwrite; an atomic upload is', async () => {
    await on(
      { a: 'new', b: 'old' },
      { keepsOld: true, refusal: 'File exists' },
      async (ftp, server) => {
        await expect(ftp.rename('/a', '/b')).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
        });
        expect(server.tree).toEqual({ a: 'new', b: 'old' });
        await ftp.rename('/a', '/b', { overwrite: true });
        expect(server.tree).toEqual({ b: 'new' });
        await ftp.upload('newest', '/b', { atomic: true });
        expect(server.tree).toEqual({ b: 'newest' });
      },
    );
  });

  it('and then refuses all renaming: the error says where the old file is', async () => {
    const replies = ['553 exists', undefined, '550 disk', '550 disk'];
    const answers = {
      get RNTO() {
        return replies.shift() as string;
      },
    };
    await on({ a: 'new', b: 'old' }, { answers }, async (ftp, server) => {
      const error = await ftp.rename('/a', '/b', { overwrite: true }).catch((thrown) => thrown);
      const [aside] = Object.keys(server.tree).filter((name) => name.endsWith('.old'));
      expect(server.tree).toEqual({ a: 'new', [aside as string]: 'old' });
      expect(error).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        hint: expect.stringContaining(aside as string),
      });
    });
  });

  it.each([
    ['with MLST', ['MLST type*;size*;modify*;']],
    ['without MLST', []],
  ])('keeps a directory where it is, %s', async (_, features) => {
    const before = { a: 'new', d: { f: 'kept' }, e: {} };
    const manners = { keepsOld: true, refusal: 'Rename failed', features };
    await on(structuredClone(before), manners, async (ftp, server) => {
      for (const path of ['/d', '/e']) {
        await expect(ftp.rename('/a', path, { overwrite: true })).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
          command: `RNTO ${path}`,
        });
        await expect(ftp.upload('newest', path, { atomic: true })).rejects.toMatchObject({
          code: 'ERR_COMMAND_REJECTED',
        });
      }
      await ftp.stat('/a'); // behind what upload takes away
      expect(server.tree).toEqual(before);
    });
  });
});

describe('times', () => {
  it.each([
    [['MFMT', 'MDTM'], {}, 'MDTM 20240102030405 /f'],
    [['MDTM'], {}, 'MDTM 20240102030405 /f'],
  ])('are set by MDTM where there is no MFMT, %j', async (features, more, said) => {
    const manners = { features, answers: { MDTM: '213 20240102030405', ...more } };
    await on({ f: 'x' }, manners, async (ftp, server) => {
      await ftp.setModified('/f', new Date(Date.UTC(2024, 0, 2, 3, 4, 5)));
      expect(server.said.at(-1)).toBe(said);
    });
  });

  it('are said to be out of reach where neither does it', async () => {
    await on(
      { f: 'x' },
      { features: ['MDTM'], answers: { MDTM: '550 no such file' } },
      async (ftp) => {
        await expect(ftp.setModified('/f', new Date())).rejects.toMatchObject({
          code: 'ERR_EXTENSION_REQUIRED',
        });
      },
    );
  });
});

describe('content of the web', () => {
  it('goes up from a Blob and an ArrayBuffer, and down into a WritableStream', async () => {
    await on({}, {}, async (ftp, server) => {
      await ftp.upload(new Blob(['ab', 'cd']), '/blob');
      await ftp.upload(new Uint8Array([101, 102]).buffer as ArrayBuffer, '/buffer');
      expect(server.tree).toEqual({ blob: 'abcd', buffer: 'ef' });
      const pieces: Uint8Array[] = [];
      const target = new WritableStream<Uint8Array>({ write: (piece) => void pieces.push(piece) });
      await ftp.download('/blob', target as never);
      expect(Buffer.concat(pieces).toString()).toBe('abcd');
    });
  });
});
