/**
 * Every refusal at every stage of a session: which of them may be tried again, who was refused, and what the user is told. RFC 5321
 * §4.2.1: the first digit says whether; RFC 3463: the enhanced code says why; the stage, where that says no more than "policy".
 */
import { describe, expect, test } from 'vitest';
import type { SmtpClient, SmtpOptions } from '../src/index.js';
import { connectTo, failure, lmtpOpening, opening, play } from './dialogue.js';

const from = 'alice@example.org';
const to = 'bob@example.net';
const mail = `C: MAIL FROM:<${from}>\n`;
const envelope = `${mail}S: 250 ok\nC: RCPT TO:<${to}>\n`;
const content = `${envelope}S: 250 ok\nC: DATA\nS: 354 go on\nC: x\nC: .\n`;
const send = (client: SmtpClient): Promise<unknown> => client.send({ from, to }, 'x');

interface Stage {
  before: string;
  /** What we say when the refusal has been heard. */
  after?: string;
  options?: SmtpOptions;
  code?: string;
}

const reset = 'C: RSET\nS: 250 ok\n';
const auth = { user: 'alice', password: 'pw' };
const stages: Readonly<Record<string, Stage>> = {
  greeting: { before: '' },
  EHLO: { before: 'S: 220 hi\nC: EHLO client.example.test\n' },
  AUTH: {
    before: `${opening('AUTH PLAIN')}C: AUTH PLAIN AGFsaWNlAHB3\n`,
    options: { auth, allowCleartextAuth: true },
    code: 'ERR_AUTHENTICATION_FAILED',
  },
  MAIL: { before: opening() + mail },
  RCPT: { before: opening() + envelope, after: reset, code: 'ERR_RECIPIENTS_REJECTED' },
  DATA: { before: `${opening()}${envelope}S: 250 ok\nC: DATA\n`, after: reset },
  message: { before: opening() + content },
  LMTP: {
    before: lmtpOpening() + content,
    options: { protocol: 'lmtp' },
    code: 'ERR_RECIPIENTS_REJECTED',
  },
};

async function refusal(name: string, reply: string): Promise<Record<string, unknown>> {
  const { before, after = '', options = {} } = stages[name] as Stage;
  // A server that does not know EHLO is asked by HELO.
  const hello = name === 'EHLO' && reply.startsWith('5') ? `C: HELO client.example.test\nS: ${reply}\n` : '';
  const goodbye = reply.startsWith('421') ? 'CLOSE\n' : after;
  const peer = play(`${before}S: ${reply}\n${hello}${goodbye}`);
  const error = await failure(connectTo(peer, options).then(send));
  await peer.played;
  return error;
} // biome-ignore format: one line a fact

const everywhere = Object.keys(stages);
const inTransaction = ['MAIL', 'RCPT', 'DATA', 'message', 'LMTP'];

describe('the first digit says whether it may be tried again', () => {
  const replies = [
    '450 no', '451 no', '451 4.7.1 no', '452 no', '452 4.3.1 no', '454 no', '454 4.7.0 no', '455 no', '499 no',
    '500 no', '501 5.5.4 no', '502 no', '503 5.5.1 no', '504 no', '521 no', '523 5.3.4 no', '530 5.7.0 no', '534 5.7.9 no',
    '535 5.7.8 no', '538 no', '550 no', '550 5.1.1 no', '550 5.7.1 no', '551 no', '552 5.2.2 no', '552 5.3.4 no', '553 no',
    '554 no', '554 5.7.1 no', '555 no', '556 5.1.10 no', '571 no', '599 no',
  ]; // biome-ignore format: one list
  test.each(everywhere)('%s', async (name) => {
    const told = async (reply: string) => {
      const { code, retry } = await refusal(name, reply);
      return `${reply}: ${code} ${retry}`;
    };
    const code = stages[name]?.code ?? 'ERR_COMMAND_REJECTED';
    const wanted = replies.map((reply) => `${reply}: ${code} ${reply < '5' ? 'later' : 'never'}`);
    expect(await Promise.all(replies.map(told))).toEqual(wanted);
  });

  test.each(everywhere)('%s: 421 is the end of the connection', async (name) => {
    for (const reply of ['421 4.3.2 no', '421 no', '421'])
      expect(await refusal(name, reply)).toMatchObject({
        code: 'ERR_SERVER_CLOSING',
        retry: 'later',
      });
  });

  test('552 is about too many recipients where one is named, and about size elsewhere', async () => {
    for (const name of inTransaction)
      expect(await refusal(name, '552 no')).toMatchObject({
        retry: name === 'RCPT' ? 'later' : 'never',
      });
  });
});

describe('what the user is told', () => {
  const cases: [string, readonly string[], RegExp][] = [
    ['530 no', inTransaction, /give `auth`/],
    ['530 5.7.0 no', inTransaction, /give `auth`/],
    ['530 5.7.1 Log in', inTransaction, /give `auth`/],
    ['530 Must issue STARTTLS first', inTransaction, /starttls/],
    ['530 5.7.0 SSL required', inTransaction, /starttls/],
    ['530 5.7.10 no', everywhere, /starttls/],
    ['538 5.7.11 no', everywhere, /starttls/],
    ['521 no', everywhere, /takes no mail/],
    ['521 5.3.2 no', everywhere, /takes no mail/],
    ['556 no', ['MAIL', 'RCPT'], /takes no mail/],
    ['550 5.4.5 no', everywhere, /used up/],
    ['500 no', inTransaction, /know the command/],
    ['501 no', inTransaction, /know the command/],
    ['555 no', inTransaction, /know the command/],
    ['503 AUTH first: authentication required', inTransaction, /give `auth`/],
    ['554 no', ['greeting'], /from this client/],
    ['535 5.7.8 no', ['AUTH'], /user name/],
    ['535 no', ['AUTH'], /user name/],
    ['501 no', ['AUTH'], /mechanism/],
    ['500 no', ['AUTH'], /does not take it/],
    ['451 4.3.0 no', everywhere, /try later/],
  ];
  test.each(cases)('%s, at %j', async (reply, names, hint) => {
    for (const name of names)
      expect([name, (await refusal(name, reply)).hint]).toEqual([
        name,
        expect.stringMatching(hint),
      ]);
  });
});
