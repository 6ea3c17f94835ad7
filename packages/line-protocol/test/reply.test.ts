import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCharacter } from '../../../test/support/any-character.js';
import {
  Reply,
  ReplyParser,
  ReplyReader,
  type ReplyStyle,
  readReply,
  serverReply,
} from '../src/index.js';
import { connectionPair } from './pair.js';

const parse = (style: ReplyStyle, ...lines: string[]) => {
  const parser = new ReplyParser(style);
  const results = lines.map((line) => parser.push(line));
  expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
  return results.at(-1);
};

describe('ReplyParser', () => {
  it('reads a reply of one line, with and without text', () => {
    expect(parse('smtp', '250 2.1.0 fine')).toEqual(new Reply(250, ['2.1.0 fine']));
    expect(parse('ftp', '200')).toEqual(new Reply(200, ['']));
    expect(parse('nntp', '211 1 2 3 misc')).toEqual(new Reply(211, ['1 2 3 misc']));
  });

  it('reads several lines as SMTP and as FTP write them', () => {
    expect(parse('smtp', '250-a', '250-b', '250 c')).toEqual(new Reply(250, ['a', 'b', 'c']));
    expect(
      parse('ftp', '211-Features:', ' MDTM', '213 is not the end', '211-more', '211 End'),
    ).toEqual(new Reply(211, ['Features:', ' MDTM', '213 is not the end', 'more', 'End']));
  });

  it.each([
    ['smtp', ['hello']],
    ['smtp', ['25 a']],
    ['smtp', ['650 a']],
    ['smtp', ['250_a']],
    ['smtp', ['250-a', '251 b']],
    ['smtp', ['250-a', 'b']],
    ['nntp', ['200-a']],
    ['ftp', ['2000 a']],
  ] as [ReplyStyle, string[]][])('says what is wrong: %s %j', (style, lines) => {
    expect(typeof parse(style, ...lines)).toBe('string');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ftp', 'smtp', 'nntp'),
        fc.array(fc.string({ unit: anyCharacter })),
        (style, lines) => {
          const parser = new ReplyParser(style as ReplyStyle);
          for (const line of lines) if (typeof parser.push(line) === 'string') return;
        },
      ),
    );
  });
});

describe('serverReply', () => {
  it('takes the enhanced status code off the text', () => {
    expect(serverReply(new Reply(550, ['5.1.1 no such', '5.1.1 user \x1b[31m']))).toEqual({
      code: 550,
      enhanced: '5.1.1',
      text: 'no such\nuser \\u{1b}[31m',
    });
  });
});

describe('readReply', () => {
  const wait = { phase: 'command' as const, timeout: 2_000 };

  it('gives the same reply whole and octet by octet', async () => {
    const text = '211-Features:\r\n MDTM\r\n211 End\r\n';
    for (const size of [text.length, 1, 7]) {
      const { connection, server, close } = await connectionPair();
      const reading = readReply(connection, 'ftp', wait);
      for (let i = 0; i < text.length; i += size) {
        server.write(text.slice(i, i + size));
        await new Promise(setImmediate);
      }
      expect(await reading).toEqual(new Reply(211, ['Features:', ' MDTM', 'End']));
      close();
    }
  });

  it('ends the connection on nonsense and on a reply without end', async () => {
    const nonsense = await connectionPair();
    nonsense.server.write('SSH-2.0-OpenSSH\r\n');
    await expect(readReply(nonsense.connection, 'smtp', wait)).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      got: 'SSH-2.0-OpenSSH',
      connection: 'closed',
      host: 'h',
      port: 1,
      protocol: 'smtp',
    });
    expect(nonsense.connection.isOpen).toBe(false);
    nonsense.close();
    const flood = await connectionPair({ limits: { replyOctets: 1_000 } });
    flood.server.write('220-x\r\n'.repeat(1_000));
    await expect(readReply(flood.connection, 'smtp', wait)).rejects.toMatchObject({
      code: 'ERR_LIMIT_EXCEEDED',
      limit: 'replyOctets',
      limitValue: 1_000,
    });
    flood.close();
  });
});

describe('ReplyReader', () => {
  const waits = ['MAIL', 'RCPT', 'DATA'].map((command) => ({
    phase: 'command' as const,
    timeout: 2_000,
    command,
  }));

  it('gives the replies to a group as they come, whole and octet by octet, and leaves the rest', async () => {
    const text = '250-2.1.0\r\n250 ok\r\n550 no\r\n354 go\r\n250 later\r\n';
    for (const size of [text.length, 1, 7]) {
      const { connection, server, close } = await connectionPair();
      const reader = new ReplyReader(connection, 'smtp');
      const reading = (async () => {
        const codes = [];
        for (const wait of waits) {
          let reply = reader.take(wait);
          while (reply === undefined) {
            await connection.fill(wait);
            reply = reader.take(wait);
          }
          codes.push(reply.code);
        }
        return codes;
      })();
      for (let i = 0; i < text.length; i += size) {
        server.write(text.slice(i, i + size));
        await new Promise(setImmediate);
      }
      expect(await reading).toEqual([250, 550, 354]);
      expect((await readReply(connection, 'smtp', waits[0] as never)).lines).toEqual(['later']);
      close();
    }
  });

  it('names the command whose reply is nonsense', async () => {
    const { connection, server, close } = await connectionPair();
    server.write('250 ok\r\nwhat\r\n');
    await expect(readReply(connection, 'smtp', waits[0] as never)).resolves.toMatchObject({
      code: 250,
    });
    await expect(readReply(connection, 'smtp', waits[1] as never)).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
      command: 'RCPT',
    });
    close();
  });
});
