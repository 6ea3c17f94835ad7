/** Who is named is written to: RFC 5322 address lists are read whole, or refused. */
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressInput, type ComposeMessage, compose, parseAddressList } from '../src/index.js';

const made = (to: unknown, rest: object = {}) =>
  compose({ from: 'alice@example.org', to: to as AddressInput, text: 'Hi', ...rest });
const recipients = async (to: unknown) => (await made(to)).envelope.to;
const refusal = (to: unknown) =>
  made(to).then(
    ({ envelope }) => envelope,
    (error) => [error.code, error.argument],
  );
const field = async (name: string, message: Partial<ComposeMessage>) => {
  const { body } = await made('x@example.net', message);
  const [header = ''] = (await text(body)).split('\r\n\r\n');
  const unfolded = header.replace(/\r\n(?=[ \t])/g, '').split('\r\n');
  return unfolded.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
};

it('parseAddressList() takes text of one line, and tells so for all else', () => {
  expect(parseAddressList('Bob <b@example.net>')).toEqual([
    { name: 'Bob', address: 'b@example.net' },
  ]);
  const odd: unknown[] = [
    undefined, null, 7, true, {}, ['a@example.net'], Buffer.from('a@example.net'), new Map(), Symbol('a'),
    Object.create(null), '"a\r\nb" <a@example.net>', '"a\0" <a@example.net>', 'a@example.net\r\n', '(\x1b) a@example.net',
    '"\ud800" <a@example.net>',
  ]; // biome-ignore format: one list
  for (const one of odd)
    expect(() => parseAddressList(one as string, 'list')).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: 'list' }),
    );
});

describe('reads', () => {
  it.each<[AddressInput, string[]]>([
    ['b@example.net', ['b@example.net']],
    ['<b@example.net>', ['b@example.net']],
    [' Bob <b@example.net> ,\tc@example.net ', ['b@example.net', 'c@example.net']],
    ['"a b"@example.org', ['"a b"@example.org']],
    ['"a,b"@example.org, "a@b"@example.org', ['"a,b"@example.org', '"a@b"@example.org']],
    ['"a\\"b"@example.org', ['"a\\"b"@example.org']],
    ['Bob <"a b"@example.org>', ['"a b"@example.org']],
    ['"Public, J. <x@example.com>" <j@example.net>', ['j@example.net']],
    ['"Giant; \\"Big\\" Box" <sysservices@example.net>', ['sysservices@example.net']],
    ['John Q. Public <john@example.net>', ['john@example.net']],
    ['Who? <one@y.test>', ['one@y.test']],
    ["O'Brien <o'brien@example.net>", ["o'brien@example.net"]],
    ['Jörg Müller <joerg@example.net>', ['joerg@example.net']],
    ['=?utf-8?q?J=C3=B6rg?= <joerg@example.net>', ['joerg@example.net']],
    ['b@example.net (Bob, the other one <x@example.com>)', ['b@example.net']],
    ['Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>', ['pete@silly.test']],
    ['a+tag@example.net, b_c=d@example.net', ['a+tag@example.net', 'b_c=d@example.net']],
    ['b@[192.0.2.1], c@[IPv6:2001:db8::1]', ['b@[192.0.2.1]', 'c@[IPv6:2001:db8::1]']],
    ['b@münchen.example', ['b@münchen.example']],
    ['Team: b@example.net, Carol <c@example.net>;', ['b@example.net', 'c@example.net']],
    [
      'A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>; , d@a.test',
      ['c@a.test', 'joe@where.test', 'jdoe@one.test', 'd@a.test'],
    ],
    ['Nobody(that I know) : ; , b@example.net', ['b@example.net']],
    [
      ['a@example.net', 'b@example.net, c@example.net'],
      ['a@example.net', 'b@example.net', 'c@example.net'],
    ],
    [
      [['a@example.net'], [{ address: 'b@example.net' }]],
      ['a@example.net', 'b@example.net'],
    ],
    [{ address: '"a b"@example.org' }, ['"a b"@example.org']],
    [{ name: 'Bob, B. <x@example.com>', address: 'b@example.net' }, ['b@example.net']],
    [
      { name: 'Team', group: ['b@example.net', { address: 'c@example.net' }] },
      ['b@example.net', 'c@example.net'],
    ],
    // A comment beside a quoted string, and within a list
    [
      '(a) "b c"(d)@(e)example.net(f), (g) H (i) <j@example.net> (k)',
      ['"b c"@example.net', 'j@example.net'],
    ],
    [
      'Team: ;, b@example.net, Other: c@example.net, D <d@example.net>;',
      ['b@example.net', 'c@example.net', 'd@example.net'],
    ],
    [
      'b@example.net,c@example.net,d@example.net',
      ['b@example.net', 'c@example.net', 'd@example.net'],
    ],
    ['用户 <b@例え.example>', ['b@例え.example']],
    [`"${'x'.repeat(900)}" <b@example.net>`, ['b@example.net']],
    [
      Array.from({ length: 500 }, (_, i) => `u${i}@example.net`).join(', '),
      Array.from({ length: 500 }, (_, i) => `u${i}@example.net`),
    ],
    [
      ['b@example.net', 'B <b@EXAMPLE.net>', 'B@example.net'],
      ['b@example.net', 'B@example.net'],
    ],
  ])('%j', async (to, expected) => {
    expect(await recipients(to)).toEqual(expected);
  });
});

describe('refuses', () => {
  it.each<[unknown, string]>([
    ['b@example.net c@example.net', 'to'],
    ['b@example.net\tc@example.net', 'to'],
    ['b@example.net; c@example.net', 'to'],
    ['b@example.net / c@example.net', 'to'],
    ['b@example.net and c@example.net', 'to'],
    ['Bob <b@example.net> Carol <c@example.net>', 'to'],
    ['Bob <b@example.net>Carol <c@example.net>', 'to'],
    ['Bob <b@example.net> c@example.net', 'to'],
    ['<b@example.net><c@example.net>', 'to'],
    ['<b@example.net, c@example.net>', 'to'],
    ['<<b@example.net>>', 'to'],
    ['Bob <b@example.net', 'to'],
    ['Bob b@example.net>', 'to'],
    ['Bob b@example.net', 'to'],
    ['b@example.net>', 'to'],
    ['b@example.net <b@example.net>', 'to'],
    ['Bob <>', 'to'],
    ['<>', 'to'],
    ['Bob <b>', 'to'],
    ['Bob <b@>', 'to'],
    ['Bob <@example.net>', 'to'],
    ['<@relay.example:b@example.net>', 'to'],
    ['<@a.example,@b.example:b@example.net>', 'to'],
    ['@relay.example:b@example.net', 'to'],
    ['b@example.net,', 'to'],
    [',b@example.net', 'to'],
    ['b@example.net,,c@example.net', 'to'],
    ['b@example.net, , c@example.net', 'to'],
    ['b@example.net;', 'to'],
    ['Müller, Hans <hans@example.net>', 'to'],
    ['Bob @ work <b@example.net>', 'to'],
    ['Bob [admin] <b@example.net>', 'to'],
    ['Bob: b@example.net', 'to'],
    ['Team: b@example.net, Inner: c@example.net;;', 'to'],
    [': b@example.net;', 'to'],
    ['Team: b@example.net; c@example.net', 'to'],
    ['Team: b@example.net,; ', 'to'],
    ['"Bob <b@example.net>', 'to'],
    ['Bob" <b@example.net>', 'to'],
    ['(Bob <b@example.net>', 'to'],
    ['Bob) <b@example.net>', 'to'],
    ['b.@example.net', 'to'],
    ['.b@example.net', 'to'],
    ['a..b@example.net', 'to'],
    ['a,b@example.net', 'to'],
    ['a b@example.net', 'to'],
    ['a@b@example.net', 'to'],
    ['b@example..net', 'to'],
    ['b@-example.net', 'to'],
    ['b@example.net.', 'to'],
    ['b@exa mple.net', 'to'],
    ['b@[300.0.2.1]', 'to'],
    ['b@192.0.2.1:25', 'to'],
    ['b\\@c@example.net', 'to'],
    ['mailto:b@example.net', 'to'],
    ['postmaster', 'to'],
    ['=?utf-8?q?x=40evil.example=3E?=foo@example.net', 'to'],
    ['b\u0000@example.net', 'to'],
    ['b\u0001@example.net', 'to'],
    ['b\u007f@example.net', 'to'],
    ['b\u0085@example.net', 'to'],
    ['b@example.net\r\nBcc: e@example.org', 'to'],
    ['b@example.net\nc@example.net', 'to'],
    ['b\u200b@example.net', 'to'],
    ['b@exam\u200bple.net', 'to'],
    ['b\u00a0c@example.net', 'to'],
    ['b@example.net\u3000c@example.net', 'to'],
    ['\ud800@example.net', 'to'],
    ['b@example.net,\r\n c@example.net', 'to'], // folded: a header's form, not an address list's
    ['b@example.net\uff0cc@example.net', 'to'], // fullwidth comma, semicolon, at sign
    ['b@example.net\uff1bc@example.net', 'to'],
    ['b\uff20example.net', 'to'],
    ['b@example.net\u3001c@example.net', 'to'],
    ['\u2039b@example.net\u203a', 'to'], // angle quotation marks
    ['Bob \u2329b@example.net\u232a', 'to'],
    ['b@example.net\u202ec@example.net', 'to'],
    ['b\u202e@example.net', 'to'],
    ['b\ufe0f@example.net', 'to'],
    ['b@example.net\u2028c@example.net', 'to'],
    ['Bob\r\nBcc: x@example.org <b@example.net>', 'to'],
    ['"Bob\r\n" <b@example.net>', 'to'],
    ['b@example.net|c@example.net', 'to'],
    ['b@example.net & c@example.net', 'to'],
    ['b@example.net, c@', 'to'],
    ['b@example.net,c', 'to'],
    ['Bob <b@example.net>; Carol <c@example.net>', 'to'],
    ['Bob <b@example.net>\tCarol <c@example.net>', 'to'],
    ['"b@example.net', 'to'],
    ['"b@example.net"', 'to'],
    ["'b@example.net' 'c@example.net'", 'to'],
    ['b@[IPv6:::g]', 'to'],
    ['b@[127.0.0.1', 'to'],
    [`b@${'c.'.repeat(130)}example`, 'to'],
    [`${'ü'.repeat(33)}@example.net`, 'to'],
    ['b@example.net (c@example.net', 'to'],
    ['Team: b@example.net', 'to'],
    ['Team:: b@example.net;', 'to'],
    ['undisclosed-recipients: ;', 'to'],
    [`${'b'.repeat(65)}@example.net`, 'to'],
    [`b@${'c'.repeat(64)}.example`, 'to'],
    [['a@example.net', ''], 'to[1]'],
    [['a@example.net', null], 'to[1]'],
    [['a@example.net', undefined], 'to[1]'],
    [['a@example.net', 7], 'to[1]'],
    [['a@example.net', ['b@example.net', 'c@example.net d@example.net']], 'to[1][1]'],
    [7, 'to'],
    [null, 'to'],
    [true, 'to'],
    [new Map(), 'to'],
    [{ address: 'a<b@example.net' }, 'to'],
    [{ address: '<b@example.net>' }, 'to'],
    [{ address: 'Bob <b@example.net>' }, 'to'],
    [{ address: 'b@example.net, c@example.net' }, 'to'],
    [{ address: 'a..b@example.net' }, 'to'],
    [{ address: 'a,b@example.net' }, 'to'],
    [{ address: 'a b@example.net' }, 'to'],
    [{ address: ' b@example.net' }, 'to'],
    [{ address: 'b@example.net ' }, 'to'],
    [{ address: 'a\u0001b@example.net' }, 'to.address'],
    [{ address: 'b@example.net\r\n' }, 'to.address'],
    [{ address: 'b@example.net(c)' }, 'to'],
    [{ address: 'postmaster' }, 'to'],
    [{ address: '' }, 'to'],
    [{ address: ['b@example.net'] }, 'to.address'],
    [{ name: 'Bob' }, 'to.address'],
    [{ name: 7, address: 'b@example.net' }, 'to.name'],
    [{ name: 'B\r\nBcc: x@example.org', address: 'b@example.net' }, 'to.name'],
    [{ name: 'Bob', email: 'b@example.net' }, 'to.email'],
    [{ name: 'Team', group: 'b@example.net' }, 'to.group'],
    [{ name: 'Team', group: ['b@example.net c@example.net'] }, 'to.group[0]'],
    [{ name: 'Team', group: ['Inner: b@example.net;'] }, 'to.group'],
    ['', 'to'],
    [[], 'to'],
    ['Undisclosed recipients:;', 'to'],
  ])('%j', async (to, argument) => {
    expect(await refusal(to)).toEqual(['ERR_ARGUMENT', argument]);
  });

  it('says how it is written', async () => {
    const hint = (message: object) => made('x@example.net', message).then(() => '', (error) => error.hint);
    for (const cc of [null, false, ['c@example.net', undefined]]) expect(await hint({ cc })).toMatch(/^Nobody is undefined/);
    for (const from of [false, '', undefined]) expect(await hint({ envelope: { from, to: 'y@example.net' } })).toMatch(/^null/);
    expect(await hint({ headers: { 'Resent-Bcc': 'c@example.net' } })).toMatch(/^Use `bcc`/);
    expect(await hint({ headers: [{ key: 'X-A', value: '1' }] })).toMatch(/'X-A': 'one'/);
    expect(await hint({ headers: { 'X-A': { prepared: true, value: 'x' } } })).toMatch(/^Give the value alone/);
    expect(await hint({ list: { unsubscribe: { url: 'https://x.test', comment: 'C' } } })).toMatch(/^Give the URL alone/);
    expect(await hint({ attachments: [{ path: 'data:text/plain;base64,aGk=' }] })).toMatch(/^Give its octets/);
    expect(await hint({ attachments: [{ content: new Blob(['x']).stream() }] })).toMatch(/Readable\.from/);
  }); // biome-ignore format: one line a fact

  it('names the field and what could not be read', async () => {
    await expect(made('b@example.net c@example.net')).rejects.toThrow(
      'to holds "b@example.net c@example.net", which can\'t be read from "c@example.net" on',
    );
    for (const open of [
      'Team: b@example.net',
      'Team: c@example.net, b@example.net',
      'mailto:b@example.net',
    ])
      await expect(made(open)).rejects.toThrow(
        `to holds "${open}", which is a group without its semicolon`,
      );
    await expect(made('x@example.net', { replyTo: 'a@b@c' })).rejects.toMatchObject({
      argument: 'replyTo',
    });
    await expect(made('x@example.net', { from: 'a <a@example.org> b' })).rejects.toMatchObject({
      argument: 'from',
    });
    await expect(
      made('x@example.net', { bcc: 'b@example.net c@example.net' }),
    ).rejects.toMatchObject({ argument: 'bcc' });
  });

  it('several authors without a sender, and several senders', async () => {
    const from = 'a@example.org, b@example.org';
    await expect(made('x@example.net', { from })).rejects.toMatchObject({ argument: 'from' });
    const { envelope } = await made('x@example.net', { from, sender: 'c@example.org' });
    expect(envelope.from).toBe('c@example.org');
    await expect(made('x@example.net', { from, sender: from })).rejects.toMatchObject({
      argument: 'sender',
    });
  });

  it('a list that holds itself, and nesting without end, in time', async () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(await refusal(loop)).toEqual(['ERR_ARGUMENT', expect.stringContaining('to[0][0]')]);
    for (const hostile of [
      '('.repeat(200_000),
      '"\\'.repeat(200_000),
      '<'.repeat(200_000),
      ':'.repeat(200_000),
      'a '.repeat(200_000),
      '(a)'.repeat(200_000),
    ])
      expect(await refusal(hostile)).toEqual(['ERR_ARGUMENT', 'to']);
  });
});

describe('the header', () => {
  it('says what was written, in the form that fields have', async () => {
    expect(await field('Cc', { cc: 'John Q. Public <j@example.net>' })).toBe(
      '"John Q. Public" <j@example.net>',
    );
    expect(await field('Cc', { cc: '=?utf-8?q?J=C3=B6rg?= <j@example.net>' })).toBe(
      '=?utf-8?q?J=C3=B6rg?= <j@example.net>',
    );
    expect(await field('Cc', { cc: { name: '=?utf-8?q?J?=', address: 'j@example.net' } })).toBe(
      '=?utf-8?B?PT91dGYtOD9xP0o/PQ==?= <j@example.net>',
    );
    expect(await field('Cc', { cc: 'j@example.net (Jo)' })).toBe('Jo <j@example.net>');
    expect(await field('Cc', { cc: 'j@münchen.example' })).toBe('j@xn--mnchen-3ya.example');
    expect(await field('Cc', { cc: '=?utf-8?q?J=C3=B6?= x: j@example.net;' })).toBe(
      '=?utf-8?q?J=C3=B6?= x: j@example.net;',
    );
    expect(await field('Cc', { cc: 'Team: "Y, Z" <y@example.net>;, Empty:;' })).toBe(
      'Team: "Y, Z" <y@example.net>;, Empty:;',
    );
  });

  it('that needs SMTPUTF8 says so', async () => {
    for (const message of [
      { replyTo: 'ünal@example.net' },
      { cc: 'ünal@example.net' },
      { from: 'ünal@example.net' },
      { from: 'a@b.test', sender: 'ünal@example.net' },
    ])
      expect((await made('x@example.net', message)).envelope).toMatchObject({ smtpUtf8: true });
    const { envelope } = await made('x@example.net', { replyTo: 'Ünal <u@münchen.example>' });
    expect(envelope).not.toHaveProperty('smtpUtf8');
  });
});

it('in each field alike', async () => {
  const forms: [string, string[] | undefined][] = [
    ['"B" "C"<b@x.test>', ['b@x.test']], ['B"C" <b@x.test>(d)', ['b@x.test']], ['< b @ x.test >', ['b@x.test']], ['b@(c)x.test', ['b@x.test']],
    ['"=?utf-8?q?B?=" <b@x.test>', ['b@x.test']], ['=?utf-8?q?c=40y.test?= <b@x.test>', ['b@x.test']], ['“B” <b@x.test>', ['b@x.test']],
    ['A:<b@x.test>, c@x.test;, D:;', ['b@x.test', 'c@x.test']], ['"b@y.test"@x.test', ['"b@y.test"@x.test']], ['b%y.test@x.test', ['b%y.test@x.test']],
    ['""@x.test', ['""@x.test']], ['b@x．test', ['b@x．test']], ['b@[IPv6:::ffff:1.2.3.4]', ['b@[IPv6:::ffff:1.2.3.4]']],
    ['b."c"@x.test', undefined], ['"b"."c"@x.test', undefined], ['b . c@x.test', undefined], ['b@x . test', undefined], ['b(c).d@x.test', undefined],
    ['b@x(c).test', undefined], ['A:b@x.test;B:c@x.test;', undefined], ['A:b@x.test;,', undefined], ['A:,;', undefined], ['<b@x.test> Bob', undefined],
    ['"b<c"@x.test', undefined], ['b\\ c@x.test', undefined], ['b@[ 1.2.3.4 ]', undefined], ['b@[tag:abc]', undefined], ['b@1.2.3.4.', undefined],
    ['{b@x.test}', undefined], ['[b@x.test](mailto:b@x.test)', undefined], ['mailto:b@x.test?cc=c@x.test', undefined], ['b@x.test (c', undefined],
    ['"b@x.test, c@x.test"', undefined], ['"a, b" b@x.test', undefined], ['b at x.test', undefined], ['Bob＜b@x.test＞', undefined], ['=?utf-8?B?YkB4LnRlc3Q=?=', undefined],
    ['b@=?utf-8?q?x?=.test', undefined], ['=?utf-8?q?A,_B?= <b@x.test>', undefined], ['   ', undefined], ['(nobody)', undefined],
  ]; // biome-ignore format: one list
  for (const [form, wanted] of forms)
    for (const name of ['to', 'cc', 'bcc', 'from', 'replyTo', 'sender', 'headers'] as const) {
      const given = name === 'headers' ? { 'Resent-To': form } : form;
      const sender = wanted !== undefined && wanted.length > 1 && name === 'from' ? { sender: 'z@x.test' } : {};
      if (name === 'sender' && wanted !== undefined && wanted.length > 1) continue;
      const outcome = await made('a@x.test', { [name]: given, ...sender }).then(
        ({ envelope }) => envelope,
        (error) => error,
      );
      const context = [name, form];
      if (wanted === undefined) {
        const argument = name === 'headers' ? 'headers.Resent-To' : name;
        expect([...context, outcome.code, outcome.argument]).toEqual([...context, 'ERR_ARGUMENT', argument]);
      } else if (name === 'to') expect([...context, outcome.to]).toEqual([...context, wanted]);
      else if (name === 'cc' || name === 'bcc') expect([...context, outcome.to]).toEqual([...context, ['a@x.test', ...wanted]]);
      else expect([...context, outcome.to]).toEqual([...context, ['a@x.test']]);
    }
}); // biome-ignore format: one line a fact

it('Message-IDs in one string, with blanks, commas or nothing between them', async () => {
  for (const references of ['<a@b> <c@d>', '<a@b>,<c@d>', '<a@b> ,\t<c@d>', '<a@b><c@d>', 'a@b c@d'])
    expect(await field('References', { references })).toBe('<a@b> <c@d>');
  expect(await field('References', { references: '<a,b@c> <d@e>' })).toBe('<a,b@c> <d@e>');
  for (const references of ['<a@b>, c', '<a@b>;<c@d>', '<a@b>\r\nX: y', '<a@b>,'])
    await expect(made('x@example.net', { references })).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
}); // biome-ignore format: one line a fact

describe('an envelope of one’s own', () => {
  it('goes out as given, and is checked as SMTP does', async () => {
    const envelope = { from: null, to: ['b@example.net', '"a b"@example.org'] };
    expect((await made('x@example.net', { envelope })).envelope).toEqual(envelope);
    for (const to of ['Bob <b@example.net>', 'b@example.net, c@example.net', '', []])
      await expect(made('x@example.net', { envelope: { from: null, to } })).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    await expect(
      made('x@example.net', { envelope: { from: null, to: 'b@example.net', size: '1' } as never }),
    ).rejects.toMatchObject({ argument: 'envelope.size' });
  });
});

describe('a grammar', () => {
  const atom = fc.stringMatching(/^[\w!#$%&'*+/=?^`{|}~-]{1,8}$/);
  const local = fc.oneof(
    atom,
    fc.array(atom, { minLength: 2, maxLength: 3 }).map((a) => a.join('.')),
    fc.stringMatching(/^"[ !#-;=?-[\]-~]{0,8}"$/),
  );
  const address = fc
    .tuple(local, fc.stringMatching(/^[a-z]{1,8}\.example$/))
    .map((two) => two.join('@'));
  const blank = fc.constantFrom('', ' ', '\t', '(x)', ' (a, b@c (d)) ');
  const mailbox = fc
    .tuple(address, fc.constantFrom('', 'Bob', '"B, <b@c>"', 'J. B.'), blank)
    .map(([one, name, gap]) => ({
      one,
      text: name === '' ? `${gap}${one}${gap}` : `${gap}${name} <${gap}${one}>${gap}`,
    }));

  it('finds each mailbox of a list', () => {
    fc.assert(
      fc.property(fc.array(mailbox, { minLength: 1, maxLength: 5 }), (boxes) => {
        const list = parseAddressList(boxes.map(({ text }) => text).join(','));
        expect(list.map((entry) => ('address' in entry ? entry.address : undefined))).toEqual(
          boxes.map(({ one }) => one),
        );
      }),
    );
  });

  it('takes no text of which it leaves out an address', () => {
    const token = fc.constantFrom(
      'b@example.net',
      '<c@example.net>',
      'Bob',
      '"q, <x@y>"',
      ',',
      ' ',
      '<',
      '>',
      '@',
      ';',
      ':',
      '(',
      ')',
      '"',
      '\\',
      '.',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const written = tokens.join('');
        let list: ReturnType<typeof parseAddressList>;
        try {
          list = parseAddressList(written);
        } catch (error) {
          expect((error as { code: string }).code).toBe('ERR_ARGUMENT');
          return;
        }
        const boxes = list.flatMap((entry) => ('members' in entry ? entry.members : [entry]));
        for (const { address } of boxes)
          expect(written.replace(/\([^()]*\)| /g, '')).toContain(address.replace(/ /g, ''));
        const bare = written
          .replace(/"(?:[^"\\]|\\.)*"/g, 'q')
          .replace(/\((?:[^()\\]|\\.)*\)/g, '');
        if (!/[()]/.test(bare)) expect(bare.split('@').length - 1).toBe(boxes.length);
      }),
      { numRuns: 3_000 },
    );
  });
});
