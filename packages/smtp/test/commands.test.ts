/** VRFY, EXPN, NOOP, RSET, QUIT and whatever else a server knows: RFC 5321 §4.1. */
import { expect, test } from 'vitest';
import { closing, connectTo, dialogue, failure, opening, play } from './dialogue.js';

dialogue(
  'VRFY: a name, "cannot verify", and no such user',
  `${opening()}
  C: VRFY alice
  S: 250 2.1.5 Alice <alice@example.org>
  C: VRFY bob
  S: 252 2.0.0 Try it
  C: VRFY eve
  S: 550 5.1.1 Who?
  C: VRFY mallory
  S: 502 5.5.1 Disabled
  ${closing}`,
  async (client) => {
    expect(await client.verify('alice')).toEqual({
      code: 250,
      enhanced: '2.1.5',
      text: 'Alice <alice@example.org>',
    });
    expect((await client.verify('bob')).code).toBe(252);
    expect(await failure(client.verify('eve'))).toMatchObject({
      code: 'ERR_NOT_FOUND',
      command: 'VRFY eve',
      host: 'mx.example.test',
      connection: 'usable',
      reply: { code: 550 },
    });
    expect(await failure(client.verify('mallory'))).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
    });
  },
);

dialogue(
  'EXPN gives a line a member',
  `${opening()}
  C: EXPN list
  S: 250-Alice <alice@example.org>
  S: 250 <bob@example.net>
  ${closing}`,
  async (client) => {
    expect(await client.expand('list')).toEqual(['Alice <alice@example.org>', '<bob@example.net>']);
  },
);

dialogue(
  'UTF-8 in VRFY is said where the server takes it: RFC 6531 §3.7.4.2',
  `${opening('SMTPUTF8')}
  C: VRFY jürgen SMTPUTF8
  S: 252 maybe
  ${closing}`,
  async (client) => {
    await client.verify('jürgen');
  },
);

dialogue(
  'other commands, several at once',
  `${opening()}
  C: NOOP
  S: 250 ok
  C: RSET
  S: 250 ok
  C: HELP MAIL
  S: 214-MAIL FROM:<path>
  S: 214 See RFC 5321
  C: ETRN example.org
  S: 458 Not for you
  ${closing}`,
  async (client) => {
    const [, , help, refused] = await Promise.all([
      client.noop(),
      client.reset(),
      client.command('help', ['MAIL']),
      failure(client.command('ETRN', ['example.org'])),
    ]);
    expect(help).toEqual({ code: 214, text: 'MAIL FROM:<path>\nSee RFC 5321' });
    expect(refused).toMatchObject({ code: 'ERR_COMMAND_REJECTED', transient: true });
  },
);

test('commands that the client must know of, and malformed ones, are refused before an octet leaves', async () => {
  const peer = play(`${opening()}${closing}`);
  const client = await connectTo(peer);
  const verbs: unknown[] = [
    'AUTH', 'auth', 'STARTTLS', 'DATA', 'BDAT', 'BURL', 'MAIL', 'RCPT', 'EHLO', 'HELO', 'LHLO', 'QUIT', 'RSET', 'XCLIENT',
    'TURN', 'ATRN', 'SEND', 'SOML', 'SAML', '', ' NOOP', 'NOOP\r\nDATA', 'NOOP\0', 'NO-OP', 'NOOP x', 'NOOP \ud800',
    null,
  ]; // biome-ignore format: one list
  for (const verb of verbs) {
    const error = await failure(client.command(verb as string));
    expect(error, String(verb)).toMatchObject({ code: 'ERR_ARGUMENT', connection: 'usable' });
  }
  for (const args of [['a\r\nDATA'], ['a\0'], ['x'.repeat(600)], ['\ud800'], [7], 'MAIL', [{}]])
    expect(await failure(client.command('HELP', args as string[]))).toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  for (const name of ['', 'a\r\nb', 'x'.repeat(600), undefined, {}]) {
    expect(await failure(client.verify(name as string))).toMatchObject({ code: 'ERR_ARGUMENT' });
  }
  await client.quit();
  await peer.played;
});

test('a reply that wants more is none to a command of one reply', async () => {
  const peer = play(`${opening()}C: XFOO\nS: 354 go on`);
  const client = await connectTo(peer);
  expect(await failure(client.command('XFOO'))).toMatchObject({
    code: 'ERR_MALFORMED_RESPONSE',
    connection: 'closed',
  });
});

test('quit comes after what is under way; afterwards nothing works any more', async () => {
  const peer = play(`${opening()}
    C: NOOP
    S: 250 ok
    ${closing}`);
  const client = await connectTo(peer);
  const [, , late] = await Promise.all([client.noop(), client.quit(), failure(client.noop())]);
  expect(late).toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
  expect(await client.closed).toEqual({ reason: 'quit' });
  await peer.played;
});

test('quit does not mind what the server says', async () => {
  for (const reply of ['221 Bye', '250 ok', '500 What?', '421 Bye', 'nonsense']) {
    const peer = play(`${opening()}C: QUIT\nS: ${reply}\nCLOSE`);
    const client = await connectTo(peer);
    await client.quit();
    expect(peer.stream.destroyed).toBe(true);
  }
});
