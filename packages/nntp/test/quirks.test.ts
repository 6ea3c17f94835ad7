/** Servers as users have met them, by name: each line here is one of them, and what we make of it. */
import { createServer } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { NntpClient, parseNzb, yenc } from '../src/index.js';
import { capabilities, connectError, failure, play, reader } from './dialogue.js';

const date = 'C: DATE\nS: 111 20200101000000';
const auth = { user: 'fred', password: 'secret' };

describe('capabilities', () => {
  it.each([
    ['newsflash#29', '400 no'],
    ['openssl#7722', '480 login first'],
    ['Leafnode', '500 what?'],
  ])('%s: CAPABILITIES answered by %s is unknown, and no end', async (_, answer) => {
    const dialogue = `S: 200 hi\nC: CAPABILITIES\nS: ${answer}\nC: MODE READER\nS: 200 ok\n${date}`;
    await play(dialogue, async (nntp) => {
      await nntp.date();
      expect(nntp.capabilities.known).toBe(false);
    });
  });

  it('382 of a server that then fails is the end: nothing goes on in clear', async () => {
    const caps = capabilities(['VERSION 2', 'READER', 'STARTTLS']);
    const dialogue = `S: 200 hi\n${caps}\nC: STARTTLS\nS: 382 go\nCLOSE`;
    const error = await connectError(dialogue, { security: 'starttls' } as never).catch((e) => e);
    expect(error.connection ?? 'closed').toBe('closed');
  });
});

describe('logins', () => {
  const caps = capabilities(['VERSION 2', 'READER', 'AUTHINFO USER']);

  it('281 straight after USER', async () => {
    const dialogue = `S: 200 hi\n${caps}\nC: AUTHINFO USER fred\nS: 281 ok\n${caps}\n${date}`;
    await play(dialogue, (nntp) => nntp.date(), { auth });
  });

  it.each([
    ['sabnzbd#1009', '482 too many connections for this user'],
    ['Nyuu#17', '502 Too many connections'],
    ['nzb-touch#14', '481 max connections reached'],
  ])('%s: %s is no wrong password', async (_, answer) => {
    const dialogue = `S: 200 hi\n${caps}\nC: AUTHINFO USER fred\nS: 381\nC: AUTHINFO PASS secret\nS: ${answer}`;
    expect(await connectError(dialogue, { auth })).toMatchObject({ retry: 'later' });
  });
});

describe('logins, in odd ways', () => {
  const caps = capabilities(['VERSION 2', 'READER', 'AUTHINFO USER']);
  const user = `S: 200 hi\n${caps}\nC: AUTHINFO USER fred`;

  it.each([
    ['381 again after the password', `${user}\nS: 381\nC: AUTHINFO PASS secret\nS: 381 more`],
    ['501 for a user that it takes for empty', `${user}\nS: 501 empty user`],
  ])('sabnzbd#287: %s is a refusal, with what the server said', async (_, dialogue) => {
    expect(await connectError(dialogue, { auth })).toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      connection: 'closed',
    });
  });

  it('MODE READER before the login, and after it where the server wants that', async () => {
    const switching = capabilities(['VERSION 2', 'MODE-READER', 'AUTHINFO USER']);
    const login = 'C: AUTHINFO USER fred\nS: 281 ok';
    const reading = capabilities(['VERSION 2', 'READER']);
    const before = `S: 200 hi\n${switching}\nC: MODE READER\nS: 200 ok\n${caps}\n${login}\n${reading}\n${date}`;
    await play(before, (nntp) => nntp.date(), { auth });
    const after = `S: 200 hi\n${switching}\nC: MODE READER\nS: 480 login first\n${switching}\n${login}\n${switching}\nC: MODE READER\nS: 200 ok\n${reading}\n${date}`;
    await play(after, (nntp) => nntp.date(), { auth });
  });
});

describe('what other clients fall over', () => {
  it('newsie: octets above 127 at the edge of a chunk stay what they are', async () => {
    const dialogue = reader(
      `C: BODY <a@x>\nS: 222 0 <a@x>\nS-raw: \\xc3\\xa4\\xff\\x00\\r\\n.\\r\\n\n${date}`,
    );
    const result = await play(dialogue, async (nntp) => {
      const octets = await buffer((await nntp.body('<a@x>')).body);
      await nntp.date();
      return octets.toString('hex');
    });
    expect(result).toBe('c3a4ff000d0a');
  });

  it('newsie: a refused dial is an error of the call', async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    await new Promise((resolve) => listener.close(resolve));
    const options = { host: '127.0.0.1', port, security: 'cleartext' } as const;
    expect(await failure(NntpClient.connect(options))).toMatchObject({ code: 'ERR_DIAL_FAILED' });
  });

  it('npm nntp: NEWNEWS of January says January', async () => {
    const dialogue = reader('C: NEWNEWS a.* 20260102 030405 GMT\nS: 230\nS: .');
    const since = new Date('2026-01-02T03:04:05Z');
    expect(await play(dialogue, (nntp) => nntp.newNews('a.*', since).toArray())).toEqual([]);
  });

  it('simple-yenc: line ends are no data', () => {
    const body = '=ybegin line=2 size=4 name=x\r\n++\r\n++\r\n=yend size=4\r\n';
    expect(yenc.decode(Buffer.from(body))).toMatchObject({ octets: 4, problems: [] });
  });

  it('sabctools#14: what an NZB says of sizes is not held against a part', () => {
    const body = yenc.encode(Buffer.from('abc'), { name: 'x' });
    const nzb = `<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><file poster="p" date="1" subject="s"><groups><group>a.b</group></groups><segments><segment bytes="99999" number="1">a@x</segment></segments></file></nzb>`;
    expect(parseNzb(nzb).files[0]?.segments[0]?.bytes).toBe(99_999);
    expect(yenc.decode(body)?.problems).toEqual([]);
  });
});

describe('responses', () => {
  it('502 never means that an article is missing', async () => {
    const dialogue = reader(`C: STAT <a@x>\nS: 502 no such article, or so\n${date}`);
    await play(dialogue, async (nntp) => {
      expect((await failure(nntp.stat('<a@x>'))).code).toBe('ERR_COMMAND_REJECTED');
      await nntp.date();
    });
  });

  it.each([
    ['482 Download limit exceeded', 'later'],
    ['502 Too many connections', 'later'],
    ['502 Account expired', 'never'],
    ['502 access denied', 'never'],
  ])('in mid-session %s passes or lasts by its words: %s', async (answer, retry) => {
    const dialogue = reader(`C: STAT <a@x>\nS: ${answer}\n${date}`);
    await play(dialogue, async (nntp) => {
      expect(await failure(nntp.stat('<a@x>'))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
        retry,
      });
      await nntp.date();
    });
  });

  it('codes of no RFC (499, 599) go by their first digit', async () => {
    const dialogue = reader(`C: STAT <a@x>\nS: 499 hm\nC: STAT <b@x>\nS: 599 no\n${date}`);
    const result = await play(dialogue, async (nntp) => {
      const seen = [await failure(nntp.stat('<a@x>')), await failure(nntp.stat('<b@x>'))];
      await nntp.date();
      return seen.map(({ code, transient }) => [code, transient]);
    });
    expect(result).toEqual([
      ['ERR_COMMAND_REJECTED', true],
      ['ERR_COMMAND_REJECTED', false],
    ]);
  });

  it.each(['205 idle for too long', '400 timeout'])(
    'spotweb#188: %s, unasked, is a goodbye',
    async (bye) => {
      const dialogue = reader(`${date}\nS: ${bye}\nCLOSE`);
      const result = await play(dialogue, async (nntp) => {
        await nntp.date();
        const { error } = await nntp.closed;
        return [error?.code, error?.retry];
      });
      expect(result[0]).toBe('ERR_SERVER_CLOSING');
    },
  );
});

describe('groups', () => {
  it('keimpema/Usenet#3: LISTGROUP without figures', async () => {
    const dialogue = reader('C: LISTGROUP a.b\nS: 211 list follows\nS: 1\nS: 5\nS: .');
    expect(await play(dialogue, (nntp) => nntp.listGroup('a.b').toArray())).toEqual([1, 5]);
  });

  it.each([
    ['low above high', '0 10 9', { low: 10, high: 9 }],
    ['INN#250', '0 2147483648 2147483647', { low: 2_147_483_648, high: 2_147_483_647 }],
    ['INN#251: zeros', '0 0 0', { low: 0, high: 0 }],
  ])('%s: the group is empty', async (_, figures, expected) => {
    const dialogue = reader(`C: GROUP a.b\nS: 211 ${figures} a.b`);
    expect(await play(dialogue, (nntp) => nntp.group('a.b'))).toEqual({
      name: 'a.b',
      count: 0,
      empty: true,
      ...expected,
    });
  });

  it('nZEDb#1568, CVE-2018-14360, -14361: numbers above 2^31, and padded ones', async () => {
    const dialogue = reader('C: GROUP a.b\nS: 211 0005 0003000000001 3000000005 a.b');
    expect(await play(dialogue, (nntp) => nntp.group('a.b'))).toMatchObject({
      count: 5,
      low: 3_000_000_001,
      high: 3_000_000_005,
    });
  });

  it('cyrus#1174: a GROUP that failed may have unselected, so the old one is selected again', async () => {
    const dialogue = reader(
      'C: GROUP a.b\nS: 211 1 5 5 a.b\nC: GROUP x.y\nS: 411 no\nC: GROUP a.b\nS: 211 1 5 5 a.b\nC: STAT 5\nS: 223 5 <a@x>',
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      await failure(nntp.group('x.y'));
      return (await nntp.stat(5)).messageId;
    });
    expect(result).toBe('<a@x>');
  });
});

describe('overviews', () => {
  it.each(['224 none\nS: .', '420 none', '423 none'])(
    'INN#122: no article in the span (%s)',
    async (answer) => {
      const dialogue = reader(`C: GROUP a.b\nS: 211 1 1 9 a.b\nC: OVER 1-9\nS: ${answer}`);
      const rows = await play(dialogue, async (nntp) => {
        await nntp.group('a.b');
        return nntp.overview({ from: 1, to: 9 }).toArray();
      });
      expect(rows).toEqual([]);
    },
  );

  it('libetpan#283: spans that stall a server are asked for in windows', async () => {
    const dialogue = reader(
      'C: GROUP a.b\nS: 211 9 1 25 a.b\nC: OVER 1-10\nS: 423\nC: OVER 11-20\nS: 423\nC: OVER 21-25\nS: 423',
    );
    await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      await nntp.overview({ from: 1, to: 25 }, { window: 10 }).toArray();
    });
  });

  it('pynab#109: columns renamed, added and missing', async () => {
    const dialogue = reader(
      'C: GROUP a.b\nS: 211 1 1 1 a.b\nC: LIST OVERVIEW.FMT\nS: 215\nS: Subject:\nS: Bytes:\nS: X-Odd:\nS: .\nC: OVER 1-1\nS: 224\nS-raw: 1\\ts\\t7\\todd\\tmore\\r\\n\nS: .',
      ['VERSION 2', 'READER', 'OVER', 'LIST OVERVIEW.FMT'],
    );
    const result = await play(dialogue, async (nntp) => {
      await nntp.group('a.b');
      const [row] = await nntp.overview({ from: 1, to: 1 }).toArray();
      return [row?.subject, row?.bytes, row?.get('x-odd'), row?.from, row?.lines, row?.problem];
    });
    expect(result).toEqual(['s', 7, 'odd', '', undefined, undefined]);
  });

  it('cyrus#738: years have four digits', async () => {
    const dialogue = reader('C: NEWNEWS a.* 20260102 030405 GMT\nS: 230\nS: <a@x>\nS: .');
    const since = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(await play(dialogue, (nntp) => nntp.newNews('a.*', since).toArray())).toEqual(['<a@x>']);
  });
});

describe('articles', () => {
  it('nzbget#100: no empty line before the body', async () => {
    const dialogue = reader(
      `C: ARTICLE <a@x>\nS: 220 0 <a@x>\nS: Subject: s\nS: =ybegin line=128 size=1 name=x\nS: +\nS: =yend size=1\nS: .\n${date}`,
    );
    const result = await play(dialogue, async (nntp) => {
      const { headers, body } = await nntp.article('<a@x>');
      const seen = [headers.get('subject'), yenc.decode(Buffer.from(await text(body)))?.octets];
      await nntp.date();
      return seen;
    });
    expect(result).toEqual(['s', 1]);
  });

  it('decypharr#357: what follows =yend is read up to the dot', async () => {
    const dialogue = reader(
      `C: BODY <a@x>\nS: 222 0 <a@x>\nS: =ybegin line=128 size=1 name=x\nS: +\nS: =yend size=1\nS: \nS: -- \nS: .\n${date}`,
    );
    await play(dialogue, async (nntp) => {
      const { body } = await nntp.body('<a@x>');
      expect(yenc.decode(Buffer.from(await text(body)))?.problems).toEqual([]);
      await nntp.date();
    });
  });

  it('altmount#902: a body that is given up costs the rest of it, not the connection', async () => {
    const dialogue = reader(`C: BODY <a@x>\nS: 222 0 <a@x>\nS: one\nS: two\nS: .\n${date}`);
    await play(dialogue, async (nntp) => {
      (await nntp.body('<a@x>')).body.destroy();
      await nntp.date();
    });
  });

  it('Nyuu#147: a POST whose answer got lost says how to find out', async () => {
    const dialogue = reader('C: POST\nS: 340\nC: Message-ID: <a@x>\nC: \nC: b\nC: .\nCLOSE');
    const { code, hint } = (await play(dialogue, async (nntp) => {
      const error = await failure(nntp.post('Message-ID: <a@x>\n\nb\n'));
      return { code: error.code, hint: error.hint };
    })) as { code: string; hint: string };
    expect(code).toBe('ERR_OUTCOME_UNKNOWN');
    expect(hint).toContain("stat('<a@x>')");
  });
});
