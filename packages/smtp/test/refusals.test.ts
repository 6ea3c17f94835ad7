/**
 * Every refusal at every stage of a session: which of them may be tried again, who was refused, and what the user is told. RFC 5321
 * §4.2.1: the first digit says whether; RFC 3463: the enhanced code says why; the stage, where that says no more than "policy".
 */
import { Reply, serverReply } from '@fivewire/line-protocol';
import { describe, expect, test } from 'vitest';
import type { SmtpClient, SmtpOptions } from '../src/index.js';
import { replyHint } from '../src/reply-hint.js';
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

test('where its digit and its enhanced code differ, the code decides: it is the more exact', async () => {
  for (const [reply, retry] of [
    ['550 4.2.1 mailbox is locked for now', 'later'], ['554 4.7.0 try in an hour', 'later'], ['552 4.2.2 full', 'later'],
    ['553 4.1.8 no DNS now', 'later'], ['530 4.7.0 not now', 'later'],
    ['450 5.1.1 no such user', 'never'], ['452 5.2.2 full for good', 'never'], ['451 5.7.1 never', 'never'],
    ['550 2.0.0 odd', 'never'], ['450 2.1.5 odd', 'later'], ['550 4.2 odd', 'never'], ['450 5-1 odd', 'later'],
  ]) // biome-ignore format: one row, one line
    for (const name of inTransaction)
      expect([name, reply, (await refusal(name, reply as string)).retry]).toEqual([name, reply, retry]);
}); // biome-ignore format: one line a fact

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

describe('in the words of', () => {
  const says = (stage: Stage, whole: string): string => {
    const lines = whole.split('\n').map((line) => line.slice(4));
    const reply = serverReply(new Reply(Number(whole.slice(0, 3)), lines));
    return replyHint(reply, stage);
  };
  type Stage = Parameters<typeof replyHint>[1];
  const [policy, address, sender, ip, login, tls, relay, spam, slow, size, notOurs, proof, holds, ends] = [
    /^A policy/, /no such address/, /take this sender/, /from this IP address/, /give `auth`/, /starttls/, /carries mail for strangers/, /for spam/,
    /some minutes/, /too big/, /may not send as/, /^SPF, reverse DNS or DKIM/, /what the message holds/, /CRLF/,
  ] as const; // biome-ignore format: one list
  const tables: Record<string, [Stage, string, RegExp][]> = {
    Gmail: [
      ['message', '550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550 5.7.26 SPF or DKIM', proof],
      ['message', '421-4.7.28 Gmail has detected an unusual rate of unsolicited mail', /send slower/],
      ['message', '550-5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam\n550 5.7.1 sent', spam],
      ['message', '550 5.7.1 suspicious due to the very low reputation of the sending IP address', ip],
      ['recipient', '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents more', /try later/],
      ['message', '421 4.7.0 [192.0.2.1 15] Our system has detected that this message is suspicious', slow],
      ['sender', '530 5.7.0 Must issue a STARTTLS command first.', tls],
      ['message', '550-5.7.27 Your email has been blocked because SPF [x.test] does not pass', proof],
      ['message', '550-5.7.30 DKIM did not pass', proof],
      ['message', '421 4.7.40 no DMARC', proof],
      ['message', '421-4.7.0 This message does not have authentication information or fails to pass authentication checks', proof],
      ['message', '552-5.7.0 This message was blocked because its content presents a potential security issue.', holds],
    ],
    Exchange: [
      ['recipient', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)', address],
      ['message', '554 5.2.252 SendAsDenied; alice@x.test not allowed to send as bob@x.test', notOurs],
      ['message', '550 5.7.509 Access denied, sending domain x.test does not pass DMARC verification', proof],
      ['other', '501 5.5.4 Invalid domain name', /clientName/],
      ['message', "550 5.7.515 Access denied, sending domain x.test doesn't meet the required authentication level.", proof],
      ['sender', "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", /used up/],
      ['sender', '550 5.7.501 Access denied, spam abuse detected', spam],
      ['message', '554 5.4.14 Hop count exceeded - possible mail loop', /in circles/],
      ['other', '451 4.7.500 Server busy. Please try again later', slow],
      ['message', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', /try later/],
    ],
    Yahoo: [
      ['message', '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints', slow],
      ['message', '553 5.7.1 [BL21] Connections will not be accepted, because the ip is in a list', ip],
      ['recipient', "554 delivery error: dd This user doesn't have a yahoo.com account", address],
      ['message', '554 5.7.9 Message not accepted for policy reasons.', policy],
      ['message', '554 Message not allowed - [PH01] Email not accepted for policy reasons.', policy],
      ['recipient', '552 1 Requested mail action aborted, mailbox not found', address],
      ['recipient', '554 30 Sorry, your message to x@y.test cannot be delivered. This mailbox is disabled (554.30).', /switched off/],
    ],
    Postfix: [
      ['recipient', '554 5.7.1 <x@y.test>: Relay access denied', relay],
      ['recipient', '553 5.7.1 <a@x.test>: Sender address rejected: not owned by user bob', notOurs],
      ['recipient', '553 5.7.1 <a@x.test>: Sender address rejected: not logged in', login],
      ['recipient', '554 5.7.1 <a@x.test>: Sender address rejected: Access denied', sender],
      ['recipient', '450 4.2.0 <x@y.test>: Recipient address rejected: Greylisted', slow],
      ['recipient', '504 5.5.2 <host>: Helo command rejected: need fully-qualified hostname', /clientName/],
      ['recipient', '450 4.7.1 Error: too much mail from 192.0.2.1', slow],
      ['message', '550 5.7.1 Blocked by SpamAssassin', spam],
      ['message', '554 5.4.0 Error: too many hops', /in circles/],
      ['sender', '555 5.5.4 Unsupported option: SMTPUTF8', /`disable`/],
      ['sender', '555 5.5.4 Error in SIZE parameter', /`disable`/],
      ['recipient', '450 User unknown in local recipient table', address],
      ['message', '521 5.5.2 mx.test Error: bare <LF> received', ends],
    ],
    Exim: [
      ['recipient', '550 relay not permitted', relay],
      ['recipient', '550 Unrouteable address', address],
      ['recipient', '550 Sender verify failed', sender],
      ['sender', '550 Please turn on SMTP Authentication in your mail client.', login],
      ['recipient', '550 HELO should be a FQDN or address literal', /clientName/],
      ['recipient', '501 x@: malformed address', /malformed/],
      ['message', '550 maximum allowed line length is 998 octets, got 1200', /A line of the message/],
      ['message', '552 Message size exceeds maximum permitted', size],
      ['recipient', '550 Sender verification is required but failed', sender],
      ['recipient', '452 space shortage, please try later', /no room/],
      ['message', '550 This message contains a virus (Eicar).', holds],
      ['message', '550 Header syntax', holds],
      ['recipient', '550 X-Warning: 192.0.2.1 is listed at bl.spamcop.net', ip],
      ['message', '550 Administrative prohibition', policy],
      ['recipient', '451-Greylisted, try again in 60 seconds\n451 bye', slow],
    ],
    'qmail and Sendmail': [
      ['recipient', "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", relay],
      ['sender', '553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)', sender],
      ['message', '554 sorry, that message size exceeds my databytes limit (#5.3.4)', size],
      ['sender', '553 5.1.8 <a@x.test>... Domain of sender address a@x.test does not exist', sender],
      ['sender', '553 5.5.4 <a>... Domain name required for sender address a', /malformed/],
      ['message', '554 5.6.0 Message too large', size],
      ['recipient', '550 sorry, no mailbox here by that name (#5.7.17)', address],
      ['message', '451 See http://pobox.com/~djb/docs/smtplf.html.', ends],
      ['message', '554 5.6.0 Message contains bare LF', ends],
    ],
    'gateways and relays': [
      ['recipient', '451 Internal resource temporarily unavailable - https://community.mimecast.com', slow],
      ['recipient', '550 csi.mimecast.org Poor Reputation Sender.', ip],
      ['message', '554 Email rejected due to security policies - https://community.mimecast.com', policy],
      ['recipient', '550 Invalid Recipient - https://community.mimecast.com', address],
      ['message', '550 permanent failure for one or more recipients (x@y.test:550 5.1.1 User unknown)', address],
      ['other', '550 5.7.1 Service unavailable; client [192.0.2.1] blocked using Proofpoint', ip],
      ['message', '454 Throttling failure: Daily message quota exceeded.', /send slower/],
      ['message', '554 Message rejected: Email address is not verified. The following identities failed the check', notOurs],
      ['message', '550 5.4.6 Unusual sending activity detected.', /used up/],
      ['message', '550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1', ip],
    ],
  }; // biome-ignore format: one row, one line
  test.each(Object.entries(tables))('%s', (_, rows) => {
    for (const [stage, reply, hint] of rows) expect([reply, says(stage, reply)]).toEqual([reply, expect.stringMatching(hint)]);
  });
}); // biome-ignore format: one line a fact
