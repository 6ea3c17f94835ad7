/** What a message may ask for, what a server lacks, and commands beside messages: RFC by RFC. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Envelope } from '../src/index.js';
import { closing, connectTo, dialogue, failure, lmtpOpening, opening, play } from './dialogue.js';

const from = 'alice@example.org';
const to = 'bob@example.net';

describe('parameters of MAIL and RCPT', () => {
  test.each<[string, Partial<Envelope> & { recipient?: object }, string, string, string]>([
    [
      'DELIVERBY (RFC 2852)',
      { deliverBy: { seconds: 120, otherwise: 'return', trace: true } },
      'DELIVERBY 60',
      ' BY=120;RT',
      '',
    ],
    [
      'DELIVERBY in the past, to be told',
      { deliverBy: { seconds: -5, otherwise: 'notify' } },
      'DELIVERBY',
      ' BY=-5;N',
      '',
    ],
    [
      'HOLDFOR (RFC 4865)',
      { hold: { seconds: 3600 } },
      'FUTURERELEASE 86400 2027-01-01T00:00:00Z',
      ' HOLDFOR=3600',
      '',
    ],
    [
      'HOLDUNTIL',
      { hold: { until: new Date('2026-12-24T18:00:00.5Z') } },
      'FUTURERELEASE 86400 2027-01-01T00:00:00Z',
      ' HOLDUNTIL=2026-12-24T18:00:00Z',
      '',
    ],
    ['MT-PRIORITY (RFC 6710)', { priority: -3 }, 'MT-PRIORITY', ' MT-PRIORITY=-3', ''],
    [
      'AUTH= (RFC 4954)',
      { auth: 'a+b=c@example.org' },
      'AUTH PLAIN',
      ' AUTH=a+2Bb+3Dc@example.org',
      '',
    ],
    ['AUTH=<>', { auth: null }, 'AUTH PLAIN', ' AUTH=<>', ''],
    [
      'RRVS (RFC 7293)',
      { recipient: { validSince: new Date('2020-02-03T04:05:06Z') } },
      'RRVS',
      '',
      ' RRVS=2020-02-03T04:05:06Z',
    ],
    [
      'DSN (RFC 3461)',
      {
        dsn: { return: 'headers', envelopeId: 'a b' },
        recipient: { notify: ['success', 'delay'], originalRecipient: 'x+y@example.org' },
      },
      'DSN',
      ' RET=HDRS ENVID=a+20b',
      ' NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@example.org',
    ],
  ])('%s', async (_, { recipient, ...wish }, extension, mail, rcpt) => {
    const peer = play(`${opening(extension)}
      C: MAIL FROM:<alice@example.org>${mail}
      S: 250 ok
      C: RCPT TO:<bob@example.net>${rcpt}
      S: 250 ok
      C: DATA
      S: 354 Go on
      C: x
      C: .
      S: 250 ok
      ${closing}`);
    const client = await connectTo(peer);
    const envelope = { from, to: { address: to, ...recipient }, ...wish };
    expect((await client.send(envelope, 'x')).dropped).toEqual([]);
    await client.quit();
    await peer.played;
    // Without the extension nothing is sent, unless the caller does without.
    const name = extension.split(' ', 1)[0] as 'DSN';
    const bare = play(`${opening()}
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<bob@example.net>
      S: 250 ok
      C: DATA
      S: 354 Go on
      C: x
      C: .
      S: 250 ok
      ${closing}`);
    const other = await connectTo(bare);
    expect(await failure(other.send(envelope, 'x'))).toMatchObject({
      code: 'ERR_EXTENSION_REQUIRED',
      connection: 'usable',
      hint: expect.stringMatching(/./),
    });
    expect((await other.send({ ...envelope, optional: [name] }, 'x')).dropped).toEqual([name]);
    await other.quit();
    await bare.played;
  });

  test('notify for all, and of one recipient', async () => {
    const to = ['a@x.test', { address: 'b@x.test', notify: ['delay'] }, { address: 'c@x.test' }] as const;
    const peer = play(`${opening('DSN')}
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<a@x.test> NOTIFY=NEVER
      S: 250 ok
      C: RCPT TO:<b@x.test> NOTIFY=DELAY
      S: 250 ok
      C: RCPT TO:<c@x.test> NOTIFY=NEVER
      S: 250 ok
      C: DATA
      S: 354 Go on
      C: x
      C: .
      S: 250 ok
      ${closing}`);
    const client = await connectTo(peer);
    await client.send({ from, to, dsn: { notify: 'never' } }, 'x');
    await client.quit();
    await peer.played;
  }); // biome-ignore format: one line a fact

  test.each<[object, string]>([
    [{ deliverBy: { seconds: 30, otherwise: 'return' } }, 'envelope.deliverBy.seconds'],
    [{ deliverBy: { seconds: 0.5, otherwise: 'notify' } }, 'envelope.deliverBy.seconds'],
    [{ deliverBy: { seconds: 5 } }, 'envelope.deliverBy.otherwise'],
    [{ deliverBy: 5 }, 'envelope.deliverBy'],
    [{ deliverBy: { seconds: 5, mode: 'R' } }, 'envelope.deliverBy.mode'],
    [{ hold: { seconds: 100_000 } }, 'envelope.hold.seconds'],
    [{ hold: { until: new Date('2028-01-01') } }, 'envelope.hold.until'],
    [{ hold: {} }, 'envelope.hold'],
    [{ hold: { seconds: 1, until: new Date() } }, 'envelope.hold'],
    [{ priority: 10 }, 'envelope.priority'],
    [{ priority: '1' }, 'envelope.priority'],
    [{ auth: 'a b' }, 'envelope.auth'],
    [{ optional: 'DSN' }, 'envelope.optional'],
    [{ optional: ['SIZE'] }, 'envelope.optional'],
    [{ dsn: null }, 'envelope.dsn'],
    [{ dsn: { notify: [] } }, 'envelope.dsn.notify'],
    [{ dsn: { notify: ['never'] } }, 'envelope.dsn.notify'],
    [{ dsn: { notify: 'failure' } }, 'envelope.dsn.notify'],
    [{ hold: { until: new Date(8.64e15) } }, 'envelope.hold.until'],
    [{ hold: { until: new Date(-8e14) } }, 'envelope.hold.until'],
    [{ hold: { seconds: 0 } }, 'envelope.hold.seconds'],
    [{ to: { address: to, validSince: new Date(3e14) } }, 'envelope.to[0].validSince'],
    [{ deliverBy: { seconds: 1e9, otherwise: 'notify' } }, 'envelope.deliverBy.seconds'],
    [{ deliverBy: { seconds: -1, otherwise: 'return' } }, 'envelope.deliverBy.seconds'],
    [{ to: { address: to, validSince: '2020-01-01' } }, 'envelope.to[0].validSince'],
    [{ smtpUtf8: 1 }, 'envelope.smtpUtf8'],
  ])('%j is refused', async (wish, argument) => {
    const peer = play(
      `${opening('DELIVERBY 60', 'FUTURERELEASE 86400 2027-01-01T00:00:00Z', 'MT-PRIORITY', 'AUTH PLAIN', 'RRVS', 'DSN')}${closing}`,
    );
    const client = await connectTo(peer);
    expect(await failure(client.send({ from, to, ...wish } as Envelope, 'x'))).toMatchObject({
      code: 'ERR_ARGUMENT',
      argument,
    });
    await client.quit();
    await peer.played;
  });
});

describe('what the server takes is compared before MAIL', () => {
  test.each<[string, string, object, string]>([
    ['SIZE (RFC 1870)', 'SIZE 10', {}, 'x'.repeat(11)],
    ['SIZE, as the caller says', 'SIZE 10', { size: 11 }, 'x'],
    ['LIMITS RCPTMAX (RFC 9422)', 'LIMITS MAILMAX=5 RCPTMAX=1', { to: [to, 'c@example.net'] }, 'x'],
    [
      'LIMITS RCPTDOMAINMAX',
      'LIMITS rcptdomainmax=1',
      { to: ['b@example.net', 'c@EXAMPLE.net', 'd@example.org'] },
      'x',
    ],
    ['UTF-8 in the header', '8BITMIME', {}, 'Subject: Grüße\n\nx'],
    ['UTF-8 in the header of octets', '8BITMIME', {}, 'Subject: x\r\nTo: ü <b@c>\r\n\r\nx'],
    ['UTF-8 in a header without a body', '8BITMIME', {}, 'Subject: Grüße'],
  ])('%s', async (_, extension, envelope, body) => {
    const peer = play(`${opening(extension)}${closing}`);
    const client = await connectTo(peer);
    for (const given of [body, Buffer.from(body)])
      expect(await failure(client.send({ from, to, ...envelope }, given))).toMatchObject({
        code: 'ERR_EXTENSION_REQUIRED',
        connection: 'usable',
      });
    await client.quit();
    await peer.played;
  });

  test.each([
    'LIMITS RCPTMAX=2 RCPTDOMAINMAX=2 MAILMAX=1',
    'LIMITS RCPTMAX=0 RCPTDOMAINMAX=0',
    'LIMITS RCPTMAX=-1 RCPTDOMAINMAX= RCPTDOMAINMAX',
    'LIMITS RCPTMAX RCPTMAX=1x XRCPTMAX=1 RCPTMAX=0000001',
    'LIMITS',
    'LIMIT RCPTMAX=1',
  ])('%s does not keep two recipients from two domains', async (extension) => {
    const peer = play(`${opening(extension)}
      C: MAIL FROM:<alice@example.org>
      S: 550 no
      ${closing}`);
    const client = await connectTo(peer);
    const both = { from, to: ['b@example.net', 'c@example.org'] };
    expect(await failure(client.send(both, 'x'))).toMatchObject({ code: 'ERR_COMMAND_REJECTED' });
    await client.quit();
    await peer.played;
  });

  test.each(['SIZE 0x1', 'SIZE 1e0', 'SIZE 1M', 'SIZE 1,000', 'SIZE -1', 'SIZE +1', 'SIZE'])(
    '%s is no limit that can be read',
    async (extension) => {
      const peer = play(`${opening(extension, 'PIPELINING', 'CHUNKING')}
      C: MAIL FROM:<alice@example.org> SIZE=4
      C: RCPT TO:<${to}>
      C: BDAT 4 LAST
      C: xx
      S: 250 ok
      S: 250 ok
      S: 250 ok
      ${closing}`);
      const client = await connectTo(peer, { chunking: true });
      const messages = [{ envelope: { from, to }, body: 'xx\r\n' }];
      for await (const outcome of client.sendMany(messages)) expect(outcome.ok).toBe(true);
      await client.quit();
      await peer.played;
    },
  );

  test.each([
    'DELIVERBY soon',
    'DELIVERBY 1e3',
    'DELIVERBY -60',
    'DELIVERBY 0x3C',
    'DELIVERBY 9999999999',
  ])(
    '%s: what can not be read is no shortest time, and none for "return" is below one second',
    async (extension) => {
      const peer = play(`${opening(extension)}
      C: MAIL FROM:<alice@example.org> BY=1;R
      S: 550 no
      ${closing}`);
      const client = await connectTo(peer);
      const within = (seconds: number): Envelope => ({
        from,
        to,
        deliverBy: { seconds, otherwise: 'return' },
      });
      for (const seconds of [0, -5])
        expect(await failure(client.send(within(seconds), 'x'))).toMatchObject({
          code: 'ERR_ARGUMENT',
        });
      expect(await failure(client.send(within(1), 'x'))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
      await client.quit();
      await peer.played;
    },
  );

  test('SIZE 0 is no limit; the header of Latin-1, and a body without a header, ask for nothing', async () => {
    const peer = play(`${opening('SIZE 0', '8BITMIME')}
      C: MAIL FROM:<alice@example.org> SIZE=6 BODY=8BITMIME
      S: 550 no
      C: MAIL FROM:<alice@example.org> SIZE=16 BODY=8BITMIME
      S: 550 no
      C: MAIL FROM:<alice@example.org> SIZE=16 BODY=8BITMIME
      S: 550 no
      ${closing}`);
    const client = await connectTo(peer);
    for (const body of [
      'gr\u00fc\u00df',
      Buffer.from('Subject: \xfc\n\nabcd', 'latin1'),
      Buffer.from('Subject: x\n\n\xfc\xfc\xfc\xfc', 'latin1'),
    ])
      expect(await failure(client.send({ from, to }, body))).toMatchObject({
        code: 'ERR_COMMAND_REJECTED',
      });
    await client.quit();
    await peer.played;
  });

  test('a stream’s first piece tells before MAIL', async () => {
    const peer = play(`${opening()}${closing}`);
    const client = await connectTo(peer);
    for (const body of ['Subject: Grüße\n\nx', 'Subject: x\n\nGrüße'])
      expect(
        await failure(client.send({ from, to }, Readable.from([Buffer.from(body)]))),
      ).toMatchObject({ code: 'ERR_EXTENSION_REQUIRED', connection: 'usable' });
    await client.quit();
    await peer.played;
  });

  dialogue(
    'where the server has SMTPUTF8, MAIL says so',
    `${opening('8BITMIME', 'SMTPUTF8')}
    C: MAIL FROM:<alice@example.org> BODY=8BITMIME SMTPUTF8
    S: 550 no
    C: MAIL FROM:<alice@example.org> BODY=8BITMIME SMTPUTF8
    S: 550 no
    C: MAIL FROM:<alice@example.org> BODY=8BITMIME
    S: 550 no
    ${closing}`,
    async (client) => {
      const body = 'Subject: Grüße\n\nx';
      await failure(client.send({ from, to }, body));
      await failure(client.send({ from, to }, Readable.from([Buffer.from(body)])));
      await failure(client.send({ from, to, smtpUtf8: false }, body));
    },
  );
});

describe('552 to RCPT', () => {
  test.each([
    ['552 Too many recipients', true, 'later'],
    ['552 5.5.3 Too many recipients', true, 'later'],
    ['552 5.2.2 Over quota', false, 'never'],
    ['552 5.7.0 Security', false, 'never'],
    ['552 5.1.1 Nobody', false, 'never'],
    ['552 5.4.4 No route', false, 'never'],
    ['552 5.3.1 System full', true, 'later'],
    ['552 5.3.4 Too big', false, 'never'],
    ['452 4.5.3 Too many recipients', true, 'later'],
    ['550 5.1.1 Nobody', false, 'never'],
    ['550 5.5.3 Too many recipients', true, 'later'],
    ['550 Nobody', false, 'never'],
  ])('%s', async (reply, transient, retry) => {
    const peer = play(`${opening()}
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<bob@example.net>
      S: ${reply}
      C: RSET
      S: 250 ok
      ${closing}`);
    const client = await connectTo(peer);
    expect(await failure(client.send({ from, to }, 'x'))).toMatchObject({
      code: 'ERR_RECIPIENTS_REJECTED',
      retry,
      recipients: [{ transient }],
    });
    await client.quit();
    await peer.played;
  });
});

describe('hints go by enhanced code, stage, text', () => {
  test.each([
    ['MAIL', '552 5.7.0 Message content rejected for security reasons', /policy/],
    ['MAIL', '550 5.7.1 Sender IP address 192.0.2.1 is on a block list', /IP address/],
    ['MAIL', '530 5.7.0 Must issue a STARTTLS command first', /starttls/],
    ['MAIL', '530 5.7.0 Authentication required', /auth/],
    ['MAIL', '554 5.7.1 <bob@example.net>: Relay access denied', /strangers/],
    [
      'MAIL',
      '553 5.7.1 <a@b>: Sender address rejected: not owned by user alice',
      /may not send as/,
    ],
    ['MAIL', '550 5.7.26 Unauthenticated email is not accepted', /SPF/],
    ['MAIL', '552 5.3.4 Message size exceeds fixed limit', /too big/],
    ['MAIL', '552 Message too big', /too big/],
    ['MAIL', '452 4.3.1 Insufficient system storage', /room/],
    ['RCPT', '550 5.1.1 mailbox full of joy: no such user', /no such address/],
    ['RCPT', '452 4.2.2 Over quota', /full/],
    ['RCPT', '450 4.7.1 Greylisted', /some minutes/],
    ['RCPT', '550 User unknown', /no such address/],
    ['RCPT', '451 Try again', /some minutes/],
    ['RCPT', '552 Too many', /Too many recipients/],
    ['MAIL', '530 5.7.57 Client not authenticated to send mail', /auth/],
    [
      'MAIL',
      '550 5.7.60 Client does not have permissions to send as this sender',
      /may not send as/,
    ],
    ['RCPT', '550 5.7.64 TenantAttribution; Relay Access Denied', /strangers/],
    ['MAIL', '550 5.7.606 Access denied, banned sending IP', /IP address/],
    ['RCPT', '556 5.1.10 Domain does not accept mail', /takes no mail/],
    ['RCPT', '550 5.1.10 RESOLVER.ADR.RecipientNotFound; x', /no such address/],
    ['RCPT', '450 4.1.1 <b@y>: unverified address', /cannot tell now/],
    ['RCPT', '550 #5.1.0 Address rejected.', /no such address/],
    ['RCPT', "553 that domain isn't in my list (#5.7.1)", /policy/],
    ['RCPT', '450 4.2.1 Receiving mail too quickly', /try later/],
    ['RCPT', '550 5.2.1 Disabled', /switched off/],
    ['RCPT', '550 5.7.1 SPF check failed', /SPF/],
    ['RCPT', '550 5.7.1 Client host rejected: HELO name is no FQDN', /clientName/],
    ['MAIL', '550 5.1.0 Sender rejected', /envelope\.from/],
    ['MAIL', '550 5.1.1 No such user', /envelope\.from/],
    ['MAIL', '550 5.4.5 Daily user sending limit exceeded', /used up/],
    ['MAIL', '451 4.4.5 Busy', /overloaded/],
    ['MAIL', '521 5.3.2 Takes no mail', /takes no mail/],
    ['MAIL', '554 5.7.1 Looks like spam', /for spam/],
    ['MAIL', '550 High probability of spam', /for spam/],
  ])('%s: %s', async (verb, reply, hint) => {
    const refusal =
      verb === 'MAIL'
        ? `S: ${reply}`
        : `S: 250 ok\nC: RCPT TO:<bob@example.net>\nS: ${reply}\nC: RSET\nS: 250 ok`;
    const peer = play(`${opening()}C: MAIL FROM:<alice@example.org>\n${refusal}\n${closing}`);
    const client = await connectTo(peer);
    expect((await failure(client.send({ from, to }, 'x'))).hint).toMatch(hint);
    await client.quit();
    await peer.played;
  });
});

describe('commands', () => {
  dialogue(
    'one gate for addresses: domains are A-labels, UTF-8 asks for SMTPUTF8',
    `${opening('SMTPUTF8', 'ETRN')}
    C: VRFY bob@xn--mnchen-3ya.example
    S: 252 perhaps
    C: VRFY <bob@xn--mnchen-3ya.example>
    S: 252 perhaps
    C: VRFY ünal@example.net SMTPUTF8
    S: 252 perhaps
    C: EXPN Staff
    S: 250 a@b
    C: VRFY bob@xn--mnchen-3ya.example
    S: 252 perhaps
    C: ETRN @xn--mnchen-3ya.example
    S: 250 ok
    C: ETRN xn--mnchen-3ya.example
    S: 250 ok
    C: HELP MAIL
    S: 214-See
    S: 214 RFC 5321
    ${closing}`,
    async (client) => {
      await client.verify('bob@münchen.example');
      await client.verify('<bob@münchen.example>');
      await client.verify('ünal@example.net');
      await client.expand('Staff');
      await client.command('VRFY', ['bob@münchen.example']);
      await client.etrn('@münchen.example');
      await client.command('ETRN', ['münchen.example']);
      expect(await client.help('MAIL')).toBe('See\nRFC 5321');
    },
  );

  test('without SMTPUTF8 nothing raw goes out', async () => {
    const peer = play(`${opening()}${closing}`);
    const client = await connectTo(peer);
    for (const call of [
      () => client.verify('ünal@example.net'),
      () => client.verify('Ünal'),
      () => client.expand('Bücher'),
      () => client.command('VRFY', ['ünal']),
      () => client.command('EXPN', ['ünal@example.net']),
      () => client.command('XYZZY', ['ünal']),
      () => client.help('ünal'),
      () => client.etrn('example.org'),
    ])
      expect(await failure(call())).toMatchObject({
        code: 'ERR_EXTENSION_REQUIRED',
        connection: 'usable',
      });
    for (const call of [
      () => client.verify('a b@example.net'),
      () => client.verify('<a<b@example.net>'),
      () => client.verify('a..b@example.net'),
      () => client.verify('bob\u0001'),
      () => client.expand(''),
      () => client.command('VRFY', ['a@b@c']),
      () => client.etrn('not a domain'),
      () => client.etrn('münchen..example'),
    ])
      expect(await failure(call())).toMatchObject({ code: 'ERR_ARGUMENT' });
    await client.quit();
    await peer.played;
  });

  dialogue(
    'XCLIENT begins the session anew',
    `${opening('XCLIENT NAME ADDR LOGIN')}
    C: XCLIENT NAME=[UNAVAILABLE] LOGIN=a+20b
    S: 220 mx.example.test ESMTP
    C: EHLO client.example.test
    S: 250-mx.example.test
    S: 250 PIPELINING
    ${closing}`,
    async (client) => {
      expect(await failure(client.xclient({ helo: 'x' }))).toMatchObject({ code: 'ERR_ARGUMENT' });
      await client.xclient({ name: null, login: 'a b' });
      expect([...client.capabilities.keys()]).toEqual(['PIPELINING']);
    },
  );

  dialogue(
    'BURL: the server fetches the message',
    `${opening('BURL imap')}
    C: MAIL FROM:<alice@example.org>
    S: 250 ok
    C: RCPT TO:<bob@example.net>
    S: 250 ok
    C: BURL imap://alice@mail.example.org/Drafts/;uid=7 LAST
    S: 250 2.5.0 Ok
    ${closing}`,
    async (client) => {
      const { accepted } = await client.sendUrl(
        { from, to },
        'imap://alice@mail.example.org/Drafts/;uid=7',
      );
      expect(accepted).toHaveLength(1);
      expect(await failure(client.sendUrl({ from, to }, 'http://example.org'))).toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    },
  );
});

describe('odd servers', () => {
  dialogue(
    'stray empty lines are passed over',
    `S:
    S: 220 mx.example.test ESMTP
    C: EHLO client.example.test
    S:
    S: 250-mx.example.test
    S: 250 PIPELINING
    S:
    C: NOOP
    S: 250 ok
    S:
    S:
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S: 250 ok
    S:
    S: 250 ok
    S: 354 Go on
    S:
    C: x
    C: .
    S:
    S: 250 ok
    ${closing}`,
    async (client) => {
      await client.noop();
      expect((await client.send({ from, to }, 'x')).accepted).toHaveLength(1);
    },
  );

  test('EHLO once more after the login, on wish', async () => {
    const peer = play(`${opening('AUTH PLAIN')}
      C: AUTH PLAIN AGEAYg==
      S: 235 ok
      C: EHLO client.example.test
      S: 250-mx.example.test
      S: 250-SIZE 5
      S: 250 8BITMIME
      ${closing}`);
    const client = await connectTo(peer, {
      auth: { user: 'a', password: 'b' },
      allowCleartextAuth: true,
      ehloAfterAuth: true,
    });
    expect([...client.capabilities.keys()]).toEqual(['SIZE', '8BITMIME']);
    await client.quit();
    await peer.played;
  });

  test('a wait that ends after the dot is told as one', async () => {
    const peer = play(`${opening()}
      C: MAIL FROM:<alice@example.org>
      S: 250 ok
      C: RCPT TO:<bob@example.net>
      S: 250 ok
      C: DATA
      S: 354 Go on
      C: x
      C: .
      STALL`);
    const client = await connectTo(peer);
    const error = await failure(client.send({ from, to }, 'x', { timeout: 20 }));
    expect(error).toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN', cause: { code: 'ERR_TIMEOUT' } });
    expect(error.message).toMatch(/within 20 ms/);
    expect(error.message).not.toMatch(/connection was lost/);
  });
});

test('an unknown key of a message of sendMany is an outcome', async () => {
  const peer = play(`${lmtpOpening()}${closing}`);
  const client = await connectTo(peer, { protocol: 'lmtp' });
  const outcomes = [];
  for await (const outcome of client.sendMany([
    { envelope: { from, to }, body: 'x', onRefuse: 'abort' } as never,
  ]))
    outcomes.push(outcome);
  expect(outcomes).toMatchObject([
    { index: 0, ok: false, error: { code: 'ERR_ARGUMENT', argument: 'message.onRefuse' } },
  ]);
  await client.quit();
  await peer.played;
});
