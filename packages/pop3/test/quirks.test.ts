/** Servers as users have met them, by name: each line here is one of them, and what we make of it. */
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { connectError, failure, loggedIn, play } from './dialogue.js';

const capa = (...caps: string[]) =>
  ['C: CAPA', 'S: +OK', ...caps.map((cap) => `S: ${cap}`), 'S: .'].join('\n');
const login = 'C: USER alice\nS: +OK\nC: PASS secret\nS: +OK';
const retr = (n: number) => `S: +OK\nS: m${n}\nS: .`;

describe('capabilities', () => {
  it('Gmail, Zimbra (mail-api#50): PIPELINING shows only after the login', async () => {
    const dialogue = `S: +OK Gpop ready\n${capa('USER')}\n${login}\n${capa('USER', 'PIPELINING')}\nC: RETR 1\nC: RETR 2\n${retr(1)}\n${retr(2)}`;
    const result = await play(dialogue, async (pop) => {
      const seen: string[] = [];
      for await (const item of pop.retrieveAll([1, 2]))
        if (item.ok) seen.push(await text(item.message));
      return seen;
    });
    expect(result).toEqual(['m1\r\n', 'm2\r\n']);
  });

  it('neomutt#1427: UIDL works although it is not listed', async () => {
    const dialogue = loggedIn('C: UIDL\nS: +OK\nS: 1 a\nS: .', ['USER']);
    expect(await play(dialogue, (pop) => pop.uidl().toArray())).toEqual([
      { ok: true, number: 1, uid: 'a' },
    ]);
  });

  it.each(['-ERR unknown command', '-ERR'])(
    'servers of before RFC 2449 refuse CAPA (%s)',
    async (no) => {
      const dialogue = `S: +OK\nC: CAPA\nS: ${no}\n${login}\nC: CAPA\nS: ${no}\nC: NOOP\nS: +OK`;
      await play(dialogue, (pop) => pop.noop());
    },
  );
});

describe('status lines', () => {
  it('MailKit#1636: an empty line in place of one is a typed error, and the end', async () => {
    const dialogue = loggedIn('C: NOOP\nS: ');
    const result = await play(dialogue, async (pop) => {
      const { code, connection } = await failure(pop.noop());
      return { code, connection };
    });
    expect(result).toEqual({ code: 'ERR_MALFORMED_RESPONSE', connection: 'closed' });
  });

  it.each([
    [
      'qpopper, Dovecot: another session has the lock',
      '-ERR [IN-USE] Do you have another POP session running?',
      true,
    ],
    [
      'a pause between logins',
      '-ERR [LOGIN-DELAY] minimum time between mail checks violation',
      true,
    ],
    ['a passing trouble', '-ERR [SYS/TEMP] disk', true],
    ['a lasting one', '-ERR [SYS/PERM] no mailbox', undefined],
  ])('%s', async (_, answer, transient) => {
    const dialogue = `S: +OK\n${capa('USER')}\nC: USER alice\nS: +OK\nC: PASS secret\nS: ${answer}`;
    const error = await connectError(dialogue);
    expect(error).toMatchObject({ connection: 'closed', reply: { code: '-ERR' } });
    expect(error.transient).toBe(transient);
  });
});

describe('rows', () => {
  it('k9#323: several spaces; getmail6#277: one bad row costs itself', async () => {
    const dialogue = loggedIn(
      'C: UIDL\nS: +OK\nS: 1   a\nS-raw: 2\\tb\\r\\n\nS: \nS: 3\nS: x y\nS: 4 d\nS: .',
    );
    const rows = await play(dialogue, (pop) => pop.uidl().toArray());
    expect(rows.map((row) => (row.ok ? row.uid : row.number))).toEqual([
      'a',
      'b',
      undefined,
      3,
      undefined,
      'd',
    ]);
  });

  it('Exchange: sizes that make no sense are left out', async () => {
    const dialogue = loggedIn(
      'C: LIST\nS: +OK\nS: 1 -5\nS: 2 99999999999999999999\nS: 3 7 more\nS: .',
    );
    const rows = await play(dialogue, (pop) => pop.list().toArray());
    expect(rows.map((row) => row.ok && row.octets)).toEqual([undefined, undefined, 7]);
  });
});

describe('messages', () => {
  it('qmail-pop3d: an empty line too many is kept, and nothing is lost after it', async () => {
    const dialogue = loggedIn(
      'C: RETR 1\nS: +OK\nS: Subject: s\nS: \nS: b\nS: \nS: .\nC: NOOP\nS: +OK',
      ['USER'],
    );
    const result = await play(dialogue, async (pop) => {
      const message = await text(pop.retrieve(1));
      await pop.noop();
      return message;
    });
    expect(result).toBe('Subject: s\r\n\r\nb\r\n\r\n');
  });

  it('cyrus#4717: `.CR` at the end of a packet is not the end', async () => {
    const dialogue = loggedIn(
      'C: RETR 1\nS-raw: +OK\\r\\nx\\r\\n..\\ry\\r\\n.\\r\\n\nC: NOOP\nS: +OK',
    );
    const result = await play(dialogue, async (pop) => {
      const message = await text(pop.retrieve(1));
      await pop.noop();
      return message;
    });
    expect(result).toBe('x\r\n.\ry\r\n');
  });

  it('Maillennium, SpryNet: TOP marks or cuts, so a message is never had by it', async () => {
    const dialogue = loggedIn('C: RETR 1\nS: -ERR no\nC: NOOP\nS: +OK');
    await play(dialogue, async (pop) => {
      expect((await failure(text(pop.retrieve(1)))).code).toBe('ERR_COMMAND_REJECTED');
      await pop.noop();
    });
  });
});
