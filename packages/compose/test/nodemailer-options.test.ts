/**
 * Option by option of nodemailer's messages: our transport writes to the same recipients and sends the same octets as nodemailer's own, or
 * says what it does not take. Nothing is left out without a word.
 */
import { createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createSmtpPool, type Envelope, type SmtpPool } from '@fivewire/smtp';
import fc from 'fast-check';
import { createTransport, type Transporter } from 'nodemailer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fivewireTransport } from '../src/nodemailer.js';

type Mail = {
  data: Record<string, unknown>;
  message: Record<'setEnvelope' | 'addHeader' | 'setHeader', (...args: unknown[]) => void>;
};
type Options = Record<string, unknown>;
/** What a plugin does, in the step that is named. */
type Plugins = { compile?: (mail: Mail) => void; stream?: (mail: Mail) => void };

let server: Server;
let pool: SmtpPool;
let port = 0;
let heard: { envelope: string[]; octets: string } = { envelope: [], octets: '' };

beforeAll(async () => {
  server = createServer((socket) => {
    let text = '';
    let inBody = false;
    socket.on('error', () => {});
    socket.on('data', (octets: Buffer) => {
      text += octets.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (inBody && line !== '.') heard.octets += `${line}\n`;
        else if (inBody) {
          inBody = false;
          socket.write('250 2.0.0 queued\r\n');
        } else {
          const verb = line.slice(0, 4);
          if (/^(?:MAIL|RCPT)/.test(verb)) heard.envelope.push(line);
          inBody = verb === 'DATA';
          socket.write(replies[verb] ?? '250 2.1.0 ok\r\n');
        }
      }
    });
    socket.write('220 test ESMTP\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
  pool = createSmtpPool({ host: '127.0.0.1', port, security: 'cleartext', outageTimeout: 0 });
});
beforeEach(() => {
  heard = { envelope: [], octets: '' };
});
afterAll(async () => {
  await pool.close();
  server.close();
});

const replies: Record<string, string> = {
  EHLO: '250-test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 SIZE 100000\r\n',
  DATA: '354 go on\r\n',
};

const basis = {
  from: 'Alice <a@example.org>',
  to: 'b@example.net',
  subject: 'Hi',
  text: 'Hello.\n',
  messageId: '<1@example.org>',
  date: new Date(0),
  baseBoundary: 'one',
};

const withPlugins = (transporter: Transporter, plugins: Plugins): Transporter => {
  for (const [step, plugin] of Object.entries(plugins))
    transporter.use(step, (mail, done) => {
      plugin(mail as unknown as Mail);
      done();
    });
  return transporter;
};
const ours = (plugins: Plugins = {}) =>
  withPlugins(createTransport(fivewireTransport(pool)), plugins);
const theirs = (plugins: Plugins = {}) =>
  withPlugins(createTransport({ host: '127.0.0.1', port, ignoreTLS: true }), plugins);

/** What they say of themselves, and not of the message (SIZE, BODY, SMTPUTF8), is not compared. */
async function sent(transporter: Transporter, options: Options) {
  heard = { envelope: [], octets: '' };
  await transporter.sendMail({ ...basis, ...options });
  const { envelope, octets } = heard;
  const words = envelope.map((line) => line.split(' ').filter((word) => !/^(?:SIZE=|BODY=|SMTPUTF8)/.test(word)));
  return { envelope: words.map((line) => line.sort().join(' ')).sort(), octets };
} // biome-ignore format: one line a fact

const invitation = { method: 'REQUEST', content: 'BEGIN:VCALENDAR\nEND:VCALENDAR\n' };

describe('as nodemailer does it', () => {
  const cases: [string, () => Options, Plugins?][] = [
    ['Bcc in headers', () => ({ headers: { Bcc: 'c@example.net' } })],
    ['bcc in a list of headers', () => ({ headers: [{ key: 'bcc', value: 'c@example.net' }] })],
    ['Cc in headers, with a name', () => ({ headers: { Cc: 'Carol <c@example.net>' } })],
    ['several Cc in headers', () => ({ headers: { CC: ['c@example.net', 'd@example.net, e@example.net'] } })],
    ['To in headers alone', () => ({ to: undefined, headers: { To: 'c@example.net' } })],
    ['To in headers and to', () => ({ headers: { To: 'c@example.net' } })],
    ['From in headers alone', () => ({ from: undefined, headers: { From: 'z@example.org' } })],
    ['an envelope beside headers', () => ({ headers: { Bcc: 'c@example.net' }, envelope: { from: 'a@example.org', to: 'd@example.net' } })],
    ['fields that are empty', () => ({ cc: false, bcc: '', replyTo: null, sender: undefined, headers: { Cc: '' } })],
    ['lists that are empty', () => ({ cc: [], bcc: [[]] })],
    ['an object', () => ({ to: { name: 'Bob', address: 'b@example.net' } })],
    ['objects with more and with less in them', () => ({ to: [{ name: null, address: 'b@example.net', id: 7 }, { name: '', address: 'c@example.net' }, { address: 'd@example.net' }] })],
    ['lists in lists', () => ({ to: [['b@example.net', ['c@example.net', { name: 'D', address: 'd@example.net' }]]] })],
    ['groups', () => ({ to: ['Team: b@example.net, C <c@example.net>;', 'd@example.net'], cc: 'Nobody:;' })],
    ['the same twice', () => ({ to: ['b@example.net', 'b@EXAMPLE.net', 'B@example.net'], bcc: 'b@example.net' })],
    ['a domain beyond ASCII', () => ({ to: 'b@jõgeva.example' })],
    ['a local part beyond ASCII', () => ({ to: 'jõ@example.net', cc: 'ü@example.net' })],
    ['a quoted local part', () => ({ to: '"b c"@example.net, "b\\"d"@example.net' })],
    ['names with specials', () => ({ to: '"Doe, J. <x@example.com>" <b@example.net>, "a\\"b" <c@example.net>' })],
    ['a comment', () => ({ to: 'b@example.net (Bob, the other)' })],
    ['an envelope that is empty', () => ({ envelope: null, dsn: false, signal: null })],
    ['objects in the envelope', () => ({ envelope: { from: { name: 'A', address: 'a@example.org' }, to: [{ name: null, address: 'c@example.net' }] } })],
    ['an envelope from nobody', () => ({ envelope: { from: '<>', to: 'c@example.net' } })],
    ['an envelope with its DSN', () => ({ envelope: { from: 'a@example.org', to: 'c@example.net', dsn: { id: 'x', notify: 'success' } } })],
    ['a size as text', () => ({ envelope: { from: 'a@example.org', to: 'c@example.net', size: '700', use8BitMime: true } })],
    ['requireTLSExtensionEnabled: false', () => ({ requireTLSExtensionEnabled: false })],
    ['a signal', () => ({ signal: new AbortController().signal })],
    ['headers in every form', () => ({ headers: { 'X-A': 'ü', 'X-B': ['1', '2'], 'X-C': { prepared: true, value: 'a\r\n b' } } })],
    ['replyTo, inReplyTo, references', () => ({ replyTo: 'R <r@example.org>', inReplyTo: '<0@x>', references: ['<0@x>', '<00@x>'] })],
    ['priority and xMailer', () => ({ priority: 'high', xMailer: 'ours' })],
    ['list', () => ({ list: { help: 'h@example.org?subject=x', unsubscribe: { url: 'https://x.example', comment: 'C' } } })],
    ['html, amp, watchHtml', () => ({ html: '<p>h', amp: '<html amp4email>', watchHtml: '<b>w' })],
    ['icalEvent', () => ({ icalEvent: invitation })],
    ['alternatives', () => ({ alternatives: [{ contentType: 'text/x-a', content: 'a' }] })],
    ['attachments', () => ({ attachments: [
      { filename: 'a.txt', content: 'hello' }, { filename: 'b', content: Buffer.from([0, 1, 255]) }, { content: 'aGk=', encoding: 'base64' },
      { path: 'data:text/plain;base64,aGk=' }, { raw: 'Content-Type: text/x\r\n\r\nhi' }, { filename: 's', content: Readable.from(['ab', 'cd']) },
      { contentType: 'message/rfc822', content: 'Subject: x\r\n\r\nbody' },
    ] })],
    ['an image in the HTML', () => ({ html: '<img src="cid:i@x">', attachments: [{ cid: 'i@x', filename: 'i.png', content: Buffer.alloc(9) }] })],
    ['textEncoding and encoding', () => ({ text: 'ünï', textEncoding: 'base64' })],
    ['newline', () => ({ newline: 'unix', text: 'a\n.b' })],
    ['normalizeHeaderKey', () => ({ headers: { 'x-a': '1', cc: 'c@example.net' }, normalizeHeaderKey: (key: string) => key.toUpperCase() })],
    ['long lines', () => ({ text: 'x'.repeat(3_000) })],
    ['raw', () => ({ raw: 'From: q@example.org\r\nTo: z@example.net\r\n\r\n.x' })],
    ['a plugin that adds to bcc', () => ({}), { compile: ({ data }) => { data.bcc = 'c@example.net'; } }],
    ['a plugin that adds a field', () => ({}), { stream: ({ message }) => message.addHeader('bcc', 'c@example.net') }],
    ['a plugin that writes to others', () => ({}), { stream: ({ message }) => message.setHeader('to', 'c@example.net') }],
    ['a plugin that gives the envelope', () => ({}), { stream: ({ message }) => message.setEnvelope({ from: 'verp@example.org', to: ['c@example.net'] }) }],
  ]; // biome-ignore format: one row each
  it.each(cases)('%s', async (_, options, plugins) => {
    const wanted = await sent(theirs(plugins), options());
    expect(wanted.envelope.length).toBeGreaterThan(1);
    expect(await sent(ours(plugins), options())).toEqual(wanted);
  });

  it('defaults of the transport count', async () => {
    const defaults = { bcc: 'archive@example.net', headers: { Cc: 'c@example.net' } };
    const wanted = await sent(
      createTransport({ host: '127.0.0.1', port, ignoreTLS: true }, defaults as never),
      {},
    );
    expect(wanted.envelope).toHaveLength(4);
    const byOurs = createTransport(fivewireTransport(pool), defaults as never);
    expect(await sent(byOurs, {})).toEqual(wanted);
  });

  it('those whom nodemailer forgets are not forgotten', async () => {
    for (const options of [
      { to: { name: 'Team', group: [{ name: '', address: 'b@example.net' }] } },
      { to: undefined, headers: { To: { prepared: true, value: 'Bob\r\n <b@example.net>' } } },
    ])
      expect((await sent(ours(), options)).envelope).toContain('RCPT TO:<b@example.net>');
  });
});

it('who is named anywhere, in any form, gets the message, once; and nobody else', async () => {
  const address = fc.constantFrom('a', 'b', 'c', 'd', 'e').map((name) => `${name}@example.net`);
  /** The same in the forms that nodemailer takes. */
  const form = fc
    .tuple(address, fc.constantFrom('alone', 'named', 'quoted', 'object', 'bare object', 'list', 'group', 'comment'))
    .map(([one, how]): [string, unknown] => [one, {
      'alone': one, 'named': `Bob <${one}>`, 'quoted': `"Doe, J. <x@example.com>" <${one}>`, 'object': { name: 'B, "C"', address: one },
      'bare object': { address: one }, 'list': [one], 'group': `Team: ${one};`, 'comment': `${one} (x@example.com)`,
    }[how]]);
  const field = fc.array(form, { maxLength: 3 });
  const message = fc.record({ to: field, cc: field, bcc: field, headerCc: field, headerBcc: field, plugin: field });
  let envelopes: Envelope[] = [];
  const sender = {
    send: async (given: Envelope, body: Readable) => {
      envelopes.push(given);
      await buffer(body);
      return { accepted: [], refused: [], reply: { code: 250, text: 'ok' }, bytes: 0, dropped: [] };
    },
  };
  let added: unknown[] = [];
  const plugin: Plugins = {
    stream: ({ message: compiled }) => {
      for (const one of added) compiled.addHeader('Bcc', one);
    },
  };
  const transporter = withPlugins(createTransport(fivewireTransport(sender)), plugin);
  await fc.assert(
    fc.asyncProperty(message, async (fields) => {
      const given = (name: keyof typeof fields) => fields[name].map(([, one]) => one);
      // What stands in `headers` gives way to a field of the message's own.
      const counts = [fields.to, fields.cc, fields.bcc, fields.plugin,
        ...(fields.cc.length > 0 ? [] : [fields.headerCc]), ...(fields.bcc.length > 0 ? [] : [fields.headerBcc])];
      const wanted = [...new Set(counts.flat().map(([one]) => one))].sort();
      const own = Object.fromEntries((['to', 'cc', 'bcc'] as const).filter((name) => fields[name].length > 0).map((name) => [name, given(name)]));
      added = given('plugin');
      envelopes = [];
      const headers = { Cc: given('headerCc').flat(), BCC: given('headerBcc').flat() };
      const sending = transporter.sendMail({ from: 'x@example.org', text: 'x', ...own, headers } as never);
      await sending.catch((error) => expect([wanted, error.code]).toEqual([[], 'EENVELOPE']));
      expect(envelopes.flatMap(({ to }) => to).sort()).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
}); // biome-ignore format: one line a fact

describe('refused, and not left out', () => {
  const envelope = { from: 'a@example.org', to: 'b@example.net' };
  const cases: [string, Options, string, Plugins?][] = [
    ['a login with the message', { auth: { user: 'u', pass: 'p' } }, 'auth'],
    ['an empty entry', { to: ['b@example.net', ''] }, 'to[1]'],
    ['a missing entry', { to: ['b@example.net', null] }, 'to[1]'],
    ['a semicolon', { to: 'b@example.net; c@example.net' }, 'to'],
    ['no comma, in headers', { headers: { Cc: 'c@example.net d@example.net' } }, 'cc'],
    ['an object without an address', { to: { name: 'Bob', email: 'b@example.net' } }, 'to.email'],
    ['no author', { from: undefined }, 'from'],
    ['an unknown key of the envelope', { envelope: { ...envelope, xclient: 'x' } }, 'envelope.xclient'],
    ['a size that is none', { envelope: { ...envelope, size: 'big' } }, 'envelope.size'],
    ['a plugin beside an envelope', { envelope }, 'envelope',
      { stream: ({ message }) => message.setEnvelope({ from: 'a@example.org', to: ['c@example.net'] }) }],
    ['a plugin with another sender beside an envelope', { envelope }, 'envelope',
      { stream: ({ message }) => message.setEnvelope({ from: 'verp@example.org', to: ['b@example.net'] }) }],
  ]; // biome-ignore format: one row each
  it.each(cases)('%s', async (_, options, argument, plugins) => {
    const error = await ours(plugins)
      .sendMail({ ...basis, ...options })
      .catch((one: unknown) => one);
    expect(error).toMatchObject({ cause: { code: 'ERR_ARGUMENT', argument } });
    expect(heard.envelope).toEqual([]);
  });
});
