/** Who the user is: USER, PASS and ACCT, RFC 959 §4.1.1. */
import {
  AuthenticationError,
  checkArgument,
  type LineConnection,
  type Reply,
  secret,
  serverReply,
  type Transport,
  UsageError,
} from '@fivewire/line-protocol';
import type { Charset } from './charset.js';
import { command, Dialogue } from './dialogue.js';
import type { FtpAuth } from './types.js';

/** A certificate alone may do: 232, RFC 4217 §10. @throws AuthenticationError ERR_AUTHENTICATION_FAILED */
export async function logIn(
  connection: LineConnection,
  transport: Transport,
  charset: Charset,
  auth: FtpAuth,
): Promise<Reply> {
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'auth');
  let line = command('USER', charset.encode(auth.user));
  let reply = await dialogue.ask(line);
  if (reply.code === 331 && auth.password !== undefined) {
    line = command('PASS', secret(charset.encode(auth.password)));
    reply = await dialogue.ask(line);
  }
  if (reply.code === 332 && auth.account !== undefined) {
    line = command('ACCT', secret(charset.encode(auth.account)));
    reply = await dialogue.ask(line);
  }
  if (reply.class === 2) return reply;
  throw notLoggedIn(reply, line.masked, transport);
}

const crowded = /too many|maximum|limit|try again later|overloaded/i;

function notLoggedIn(reply: Reply, masked: string, { security }: Transport): AuthenticationError {
  const { text } = serverReply(reply);
  const asks = reply.code === 331 ? 'a password' : 'an account';
  const message =
    reply.class === 3
      ? `The server asks for ${asks}, and none was given.`
      : `The server refused the login: ${reply.code} ${text}`;
  const later = reply.class === 4 || crowded.test(text);
  return new AuthenticationError('ERR_AUTHENTICATION_FAILED', message, {
    mechanism: masked.split(' ', 1)[0] ?? '',
    reply: serverReply(reply),
    phase: 'auth',
    command: masked,
    retry: later ? 'later' : 'never',
    hint: loginHint(reply, security, later),
  });
}

function loginHint(reply: Reply, security: Transport['security'], later: boolean): string {
  if (reply.class === 3)
    return reply.code === 331 ? 'Give `auth.password`.' : 'Give `auth.account`.';
  if (later) return 'The server takes no more connections now: try again later, or with fewer.';
  if (security === 'cleartext') return "The server may want TLS first: use `security: 'starttls'`.";
  return 'Check user and password; some servers want the user as name@domain, and lock out after some failures.';
}

function checkText(key: keyof FtpAuth, text: string, limit: number): void {
  checkArgument(text, `auth.${key}`);
  if (text.length > limit) throw wrong(key, `is longer than ${limit} characters`);
}

const wrong = (key: keyof FtpAuth, problem: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `auth.${key} ${problem}.`, {
    protocol: 'ftp',
    argument: `auth.${key}`,
  });

/** RFC 1635: these are no credentials, and may travel in clear. */
const anonymous = new Set(['anonymous', 'ftp']);

/** @throws UsageError ERR_ARGUMENT; AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED. Nothing has been dialled. */
export function checkAuth(auth: FtpAuth, transport: Transport): void {
  if (typeof auth !== 'object' || auth === null) {
    throw new UsageError('ERR_ARGUMENT', '`auth` is { user, password }.', {
      protocol: 'ftp',
      argument: 'auth',
    });
  }
  for (const key of Object.keys(auth)) {
    if (['user', 'password', 'account'].includes(key)) continue;
    throw new UsageError('ERR_ARGUMENT', `auth.${key} is no option.`, {
      protocol: 'ftp',
      argument: `auth.${key}`,
      hint: 'FTP knows user, password and account.',
    });
  }
  checkText('user', auth.user, 1_024);
  if (auth.user === '') throw wrong('user', 'is empty');
  if (auth.password !== undefined) checkText('password', auth.password, 8_192);
  if (auth.account !== undefined) checkText('account', auth.account, 8_192);
  const { security, options } = transport;
  if (security !== 'cleartext' || options.allowCleartextAuth || anonymous.has(auth.user)) return;
  throw new AuthenticationError(
    'ERR_CLEARTEXT_AUTH_REFUSED',
    'A password would travel in clear; nothing was sent.',
    {
      protocol: 'ftp',
      phase: 'auth',
      connection: 'closed',
      hint: "Use `security: 'implicit-tls'` or `'starttls'`, or say `allowCleartextAuth: true` as well.",
    },
  );
}
