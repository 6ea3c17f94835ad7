/** COMPRESS DEFLATE, RFC 8054, against a server made of zlib. */
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { NntpClient, yenc } from '../src/index.js';
import { capabilities, failure, play } from './dialogue.js';

const body = 'Line of an article.\r\n'.repeat(20_000);
let stop: (() => void) | undefined;
afterEach(() => stop?.());

async function server(extra: Record<string, string> = {}) {
  const seen: string[] = [];
  const sockets: Socket[] = [];
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let say = (line: string) => void socket.write(line, 'latin1');
    const hear = (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split('\r\n')) {
        seen.push(line);
        const [verb = ''] = line.split(' ');
        if (verb === 'CAPABILITIES')
          say('101\r\nVERSION 2\r\nREADER\r\nOVER\r\nCOMPRESS DEFLATE\r\n.\r\n');
        else if (verb === 'COMPRESS') {
          say('206 go\r\n');
          const inflate = createInflateRaw();
          const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
          socket.off('data', hear);
          socket.pipe(inflate);
          deflate.pipe(socket);
          inflate.on('data', hear);
          say = (text) => void deflate.write(Buffer.from(text, 'latin1'));
        } else if (verb === 'ARTICLE')
          say(`220 0 ${line.slice(8)}\r\nSubject: s\r\n\r\n${body}.\r\n`);
        else say(extra[verb] ?? '111 20200101000000\r\n');
      }
    };
    socket.on('data', hear);
    say('200 hi\r\n');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  stop = () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  };
  return {
    seen,
    options: { host: '127.0.0.1', port, security: 'cleartext', compress: true } as const,
  };
}

describe('compress: true', () => {
  it('compresses both ways, in a pipeline too', async () => {
    const { options, seen } = await server();
    const nntp = await NntpClient.connect(options);
    expect(nntp.compressed).toBe(true);
    for await (const item of nntp.articles(['<1@x>', '<2@x>', '<3@x>'])) {
      if (!item.ok) throw item.error;
      expect((await text(item.article.body)) === body).toBe(true);
    }
    await nntp.date();
    expect(seen).toContain('COMPRESS DEFLATE');
    nntp.close();
  });

  it('never compresses a login: a demand for one in mid-session is the error of its call', async () => {
    const { options, seen } = await server({ AUTHINFO: '281 ok\r\n', STAT: '480 login again\r\n' });
    const auth = { user: 'fred', password: 'secret' };
    const nntp = await NntpClient.connect({
      ...options,
      auth,
      mechanisms: ['USER'],
      allowCleartextAuth: true,
    });
    expect(nntp.compressed).toBe(true);
    for (const call of [() => nntp.stat('<1@x>'), () => nntp.stat('<2@x>')]) {
      expect(await failure(call())).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        reply: { code: 480 },
        connection: 'usable',
      });
    }
    await nntp.date();
    expect(seen.filter((line) => line.startsWith('AUTHINFO'))).toEqual(['AUTHINFO USER fred']);
    nntp.close();
  });

  it('lets nobody send much for little', async () => {
    const { options } = await server({
      HELP: `100\r\n${`${'x'.repeat(60_000)}\r\n`.repeat(600)}.\r\n`,
    });
    const limits = { replyOctets: 1 << 30 };
    const nntp = await NntpClient.connect({ ...options, limits });
    expect(await failure(nntp.help())).toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'inflationRatio',
    });
    nntp.close();
  });

  it('ends typed where the server closes, or sends what is not compressed', async () => {
    const { options } = await server();
    const nntp = await NntpClient.connect(options);
    stop?.();
    expect((await failure(nntp.date())).connection).toBe('closed');
    const dialogue = `S: 200 hi\n${capabilities(['VERSION 2', 'READER', 'COMPRESS DEFLATE'])}\nC: COMPRESS DEFLATE\nS: 206 go\nS: 111 20200101000000`;
    await play(
      dialogue,
      async (client) => expect((await failure(client.date())).connection).toBe('closed'),
      { compress: true, deliveries: ['whole'] },
    ).catch((error: Error) => expect(error.message).toMatch(/got/));
  });

  it('asks nothing where it is not offered, and goes on where it is refused', async () => {
    await play(
      `S: 200 hi\n${capabilities(['VERSION 2', 'READER'])}\nC: DATE\nS: 111 20200101000000`,
      async (nntp) => {
        await nntp.date();
        expect(nntp.compressed).toBe(false);
      },
      { compress: true },
    );
    await play(
      `S: 200 hi\n${capabilities(['VERSION 2', 'READER', 'COMPRESS DEFLATE'])}\nC: COMPRESS DEFLATE\nS: 403 no memory\nC: DATE\nS: 111 20200101000000`,
      (nntp) => nntp.date(),
      { compress: true },
    );
  });
});

describe('what Usenet providers have had before', () => {
  const rows = Array.from(
    { length: 2_000 },
    (_, i) => `${i + 1}\tS\tf\td\t<${i + 1}@x>\t\t7\t1\r\n`,
  ).join('');

  /** A server with these capabilities whose OVER, XOVER or XZVER answers with these octets. */
  async function provider(caps: string, answer: Buffer, feature = '290 enabled') {
    const seen: string[] = [];
    const listener = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => {});
      socket.write('200 hi\r\n');
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().trim().split('\r\n')) {
          seen.push(line);
          if (line === 'CAPABILITIES')
            socket.write(`101\r\nVERSION 2\r\nREADER\r\nOVER\r\n${caps}\r\n.\r\n`);
          else if (line.startsWith('XFEATURE')) socket.write(`${feature}\r\n`);
          else if (line.startsWith('GROUP')) socket.write('211 2000 1 2000 a.b\r\n');
          else if (line === 'DATE') socket.write('111 20200101000000\r\n');
          else if (/^X?OVER|^XZVER/.test(line))
            for (let i = 0; i < answer.length; i += 999) socket.write(answer.subarray(i, i + 999));
        }
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const nntp = await NntpClient.connect({
      host: '127.0.0.1',
      port,
      security: 'cleartext',
      compress: true,
    });
    stop = () => {
      nntp.close();
      listener.close();
    };
    await nntp.group('a.b');
    return { nntp, seen };
  }
  const count = async (nntp: NntpClient) =>
    (await nntp.overview({ from: 1, to: 2_000 }).toArray()).length;
  const line = Buffer.from('224 rows [COMPRESS=GZIP]\r\n');

  it.each([
    ['zlib', deflateSync],
    ['gzip', gzipSync],
  ])('XFEATURE COMPRESS GZIP, by %s, with TERMINATOR and without', async (_, zip) => {
    const dot = Buffer.from('.\r\n');
    const outside = Buffer.concat([line, zip(rows), dot]);
    const { nntp, seen } = await provider('XFEATURE-COMPRESS GZIP TERMINATOR', outside);
    expect(await Promise.all([count(nntp), nntp.date(), count(nntp)])).toEqual([
      2_000,
      expect.any(Date),
      2_000,
    ]);
    expect(seen).toContain('XFEATURE COMPRESS GZIP TERMINATOR');
    stop?.();
    const inside = Buffer.concat([line, zip(`${rows}.\r\n`)]);
    const other = await provider('XFEATURE-COMPRESS GZIP', inside);
    expect(await Promise.all([count(other.nntp), other.nntp.date(), count(other.nntp)])).toEqual([
      2_000,
      expect.any(Date),
      2_000,
    ]);
    expect(other.seen).toContain('XFEATURE COMPRESS GZIP');
  });

  it('XZVER: deflated rows in yEnc', async () => {
    const body = yenc.encode(deflateRawSync(rows), { name: 'x' });
    const stuffed = body.toString('latin1').replaceAll('\r\n.', '\r\n..');
    const { nntp, seen } = await provider(
      'XZVER',
      Buffer.from(`224 rows\r\n${stuffed}.\r\n`, 'latin1'),
    );
    expect(await Promise.all([count(nntp), nntp.date()])).toEqual([2_000, expect.any(Date)]);
    expect(seen).toContain('XZVER 1-2000');
  });

  it.each<[string, string, string]>([
    ['no dot at all', 'XFEATURE-COMPRESS GZIP', rows],
    ['a dot in the middle', 'XFEATURE-COMPRESS GZIP', `${rows}.\r\n111 20300101000000\r\n.\r\n`],
    ['a dot first', 'XFEATURE-COMPRESS GZIP', `.\r\n${rows}.\r\n`],
    ['a last line without an end', 'XFEATURE-COMPRESS GZIP TERMINATOR', `${rows}1`],
    [
      'a dot in the middle, and the last one outside',
      'XFEATURE-COMPRESS GZIP TERMINATOR',
      `${rows}.\r\n111 20300101000000\r\n`,
    ],
  ])('with %s, what was compressed is no response, and reaches no other', async (_, caps, text) => {
    const dot = caps.endsWith('TERMINATOR') ? '.\r\n' : '';
    const { nntp } = await provider(
      caps,
      Buffer.concat([line, deflateSync(text), Buffer.from(dot)]),
    );
    const rowsOf = await failure(count(nntp));
    const date = await failure(nntp.date());
    expect(rowsOf).toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', connection: 'closed' });
    expect(date.connection).toBe('closed');
  });

  it('an empty listing comes compressed too', async () => {
    const inside = await provider(
      'XFEATURE-COMPRESS GZIP',
      Buffer.concat([line, gzipSync('.\r\n')]),
    );
    expect(await count(inside.nntp)).toBe(0);
    stop?.();
    const outside = await provider(
      'XFEATURE-COMPRESS GZIP TERMINATOR',
      Buffer.concat([line, gzipSync(''), Buffer.from('.\r\n')]),
    );
    expect([await count(outside.nntp), await outside.nntp.date()]).toEqual([0, expect.any(Date)]);
  });

  it('plain where it is refused; octets that are no zip, or too many, end typed', async () => {
    const plain = await provider(
      'XFEATURE-COMPRESS GZIP',
      Buffer.from(`224 rows\r\n${rows}.\r\n`),
      '503 no',
    );
    expect(await count(plain.nntp)).toBe(2_000);
    stop?.();
    const bad = await provider(
      'XFEATURE-COMPRESS GZIP',
      Buffer.concat([line, Buffer.from('no zip at all\r\n.\r\n')]),
    );
    expect((await failure(count(bad.nntp))).code).toBe('ERR_MALFORMED_RESPONSE');
    stop?.();
    const bomb = await provider(
      'XFEATURE-COMPRESS GZIP',
      Buffer.concat([line, deflateSync(Buffer.alloc(80 << 20))]),
    );
    expect((await failure(count(bomb.nntp))).code).toBe('ERR_LIMIT_EXCEEDED');
  });

  describe('what is compressed otherwise than it should be', () => {
    const half = rows.indexOf('\r\n', rows.length / 2) + 2;
    const [first, second] = [rows.slice(0, half), rows.slice(half)];
    const changed = (octets: Buffer, at: number): Buffer => {
      const copy = Buffer.from(octets);
      copy[copy.length - at] = (copy[copy.length - at] as number) ^ 1;
      return copy;
    };
    const yEncoded = (octets: Buffer): Buffer =>
      Buffer.from(
        yenc.encode(octets, { name: 'x' }).toString('latin1').replaceAll('\r\n.', '\r\n..'),
        'latin1',
      );
    const dot = Buffer.from('.\r\n');
    const head = Buffer.from('224 rows\r\n');
    const raw = deflateRawSync;

    it.each<[string, string, Buffer[]]>([
      ['a wrong checksum of zlib', 'GZIP', [line, changed(deflateSync(`${rows}.\r\n`), 1)]],
      ['a wrong checksum of gzip', 'GZIP', [line, changed(gzipSync(`${rows}.\r\n`), 5)]],
      ['a wrong length of gzip', 'GZIP TERMINATOR', [line, changed(gzipSync(rows), 1), dot]],
      ['plain rows', 'GZIP', [line, Buffer.from(rows), dot]],
      ['raw deflate', 'GZIP', [line, raw(`${rows}.\r\n`)]],
      ['octets behind it', 'GZIP TERMINATOR', [line, gzipSync(rows), Buffer.from('xx\r\n'), dot]],
      [
        'a second stream in XZVER',
        'XZVER',
        [head, yEncoded(Buffer.concat([raw(first), raw(second)])), dot],
      ],
      ['a second part in XZVER', 'XZVER', [head, yEncoded(raw(first)), yEncoded(raw(second)), dot]],
      ['plain rows before XZVER', 'XZVER', [head, Buffer.from(first), yEncoded(raw(second)), dot]],
      ['plain rows behind XZVER', 'XZVER', [head, yEncoded(raw(first)), Buffer.from(second), dot]],
      ['only plain rows in XZVER', 'XZVER', [head, Buffer.from(rows), dot]],
      ['zlib in XZVER', 'XZVER', [head, yEncoded(deflateSync(rows)), dot]],
      ['XZVER cut short', 'XZVER', [head, yEncoded(raw(rows).subarray(0, -9)), dot]],
    ])('%s: an error that names the command, and the end', async (_, feature, answer) => {
      const caps = feature === 'XZVER' ? feature : `XFEATURE-COMPRESS ${feature}`;
      const { nntp } = await provider(caps, Buffer.concat(answer));
      expect(await failure(count(nntp))).toMatchObject({
        code: 'ERR_MALFORMED_RESPONSE',
        connection: 'closed',
        phase: 'transfer',
        command: `${feature === 'XZVER' ? 'XZVER' : 'OVER'} 1-2000`,
      });
      expect((await failure(nntp.date())).connection).toBe('closed');
    });

    it.each<[string, string, Buffer[], number]>([
      [
        'two members of gzip',
        'GZIP TERMINATOR',
        [line, gzipSync(first), gzipSync(second), dot],
        2_000,
      ],
      [
        'two streams of zlib',
        'GZIP TERMINATOR',
        [line, deflateSync(first), deflateSync(second), dot],
        2_000,
      ],
      ['a dot in plain', 'GZIP', [line, dot], 0],
      ['a dot in plain, with a terminator', 'GZIP TERMINATOR', [line, dot], 0],
      ['a dot in plain after XZVER', 'XZVER', [head, dot], 0],
      ['an empty stream in XZVER', 'XZVER', [head, yEncoded(raw('')), dot], 0],
    ])('%s: the rows, and the next command', async (_, feature, answer, many) => {
      const caps = feature === 'XZVER' ? feature : `XFEATURE-COMPRESS ${feature}`;
      const { nntp } = await provider(caps, Buffer.concat(answer));
      expect([await count(nntp), await nntp.date(), await count(nntp)]).toEqual([
        many,
        expect.any(Date),
        many,
      ]);
    });
  });
});

describe('COMPRESS DEFLATE: what a server may write behind its 206', () => {
  const { Z_SYNC_FLUSH: flush } = constants;
  const flushed = (text: string): Buffer => deflateRawSync(text, { finishFlush: flush });

  /** A server whose octets behind 206 are these, at the first command that comes compressed. */
  async function writes(octets: Buffer, ends = false): Promise<NntpClient> {
    const listener = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => {});
      socket.write('200 hi\r\n');
      let compressed = false;
      socket.on('data', (chunk) => {
        if (compressed) {
          for (let i = 0; i < octets.length; i += 3) socket.write(octets.subarray(i, i + 3));
          if (ends) socket.end();
        } else if (/^CAPA/.test(chunk.toString()))
          socket.write('101\r\nVERSION 2\r\nREADER\r\nCOMPRESS DEFLATE\r\n.\r\n');
        else {
          compressed = true;
          socket.write('206 go\r\n');
        }
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const nntp = await NntpClient.connect({
      host: '127.0.0.1',
      port,
      security: 'cleartext',
      compress: true,
    });
    stop = () => {
      nntp.close();
      listener.close();
    };
    return nntp;
  }

  it('a flush in the middle of a line, and an empty block', async () => {
    const line = flushed('111 2020');
    const nntp = await writes(Buffer.concat([line, flushed(''), flushed('0101000000\r\n')]));
    expect((await nntp.date()).getTime()).toBe(Date.UTC(2020, 0));
  });

  it.each<[string, Buffer, boolean]>([
    ['plain text', Buffer.from('111 20200101000000\r\n'), false],
    ['a block of no type', Buffer.from([7]), false],
    ['zlib', deflateSync('111 20200101000000\r\n'), false],
    ['gzip', gzipSync('111 20200101000000\r\n'), false],
    ['half of it, and the end', flushed('111 20200101000000\r\n').subarray(0, 9), true],
    ['half a line, and the end of the stream', deflateRawSync('111 2020'), true],
    ['nothing, and the end', Buffer.alloc(0), true],
    ['an empty stream', deflateRawSync(''), true],
  ])('%s ends the session typed', async (_, octets, ends) => {
    const nntp = await writes(octets, ends);
    expect(await failure(nntp.date())).toMatchObject({
      connection: 'closed',
      command: 'DATE',
      code: expect.stringMatching(/^ERR_(MALFORMED_RESPONSE|CONNECTION_(CLOSED|LOST|FAILED))$/),
    });
    expect((await failure(nntp.help())).connection).toBe('closed');
  });

  it.each([
    ['in plain', Buffer.from('111 20300101000000\r\n')],
    ['as another stream', deflateRawSync('111 20300101000000\r\n')],
  ])('what stands behind the end of the stream %s is no response', async (_, behind) => {
    const nntp = await writes(Buffer.concat([deflateRawSync('111 20200101000000\r\n'), behind]));
    expect((await nntp.date()).getTime()).toBe(Date.UTC(2020, 0));
    expect((await failure(nntp.date())).connection).toBe('closed');
  });
});
