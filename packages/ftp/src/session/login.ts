/** Who the user is: USER, PASS and ACCT, RFC 959 §4.1.1. */
import {
  AuthenticationError,
  type LineConnection,
  loginChannel,
  type Reply,
  secret,
  serverReply,
  type Transport,
} from '@fivewire/line-protocol';
import {
  type Auth,
  checkLogin,
  ftpShape,
  type OwnWay,
  refusalVerdict,
  logIn as toLogIn,
} from '@fivewire/sasl';
import type { FtpAuth, FtpConnectOptions, FtpGateway } from '../types.js';
import type { Charset } from './charset.js';
import { command, Dialogue } from './dialogue.js';
import { gatewaySteps, logInBehind } from './gateway.js';

/** A certificate alone may do: 232, RFC 4217 §10. @throws AuthenticationError ERR_AUTHENTICATION_FAILED */
export async function logIn(
  connection: LineConnection,
  transport: Transport,
  charset: Charset,
  auth: FtpAuth,
  gateway?: FtpGateway,
): Promise<Reply> {
  const dialogue = new Dialogue(connection, transport.timeouts.reply, 'auth');
  let welcome: Reply | undefined;

  const userAndPass: OwnWay['run'] = async ({ user, password }) => {
    if (gateway !== undefined) {
      const steps = gatewaySteps(gateway, charset.encode(user), charset.encode(password));
      const { reply, line } = await logInBehind(dialogue, steps);
      if (reply.class !== 2) return notLoggedIn(reply, line.masked, transport);
      welcome = reply;
      return { kind: 'success' };
    }
    let line = command('USER', charset.encode(user));
    let reply = await dialogue.ask(line);
    if (reply.code === 331 && password !== '') {
      line = command('PASS', secret(charset.encode(password)));
      reply = await dialogue.ask(line);
    }
    if (reply.code === 332 && auth.account !== undefined) {
      line = command('ACCT', secret(charset.encode(auth.account)));
      reply = await dialogue.ask(line);
    }
    if (reply.class !== 2) return notLoggedIn(reply, line.masked, transport);
    welcome = reply;
    return { kind: 'success' };
  };

  await toLogIn({
    options: {
      ...loginChannel(transport, connection, { push() {} }),
      auth: auth as Auth,
      offered: [],
      allowCleartextAuth: true, // judged before anything was dialled: anonymous users may
    },
    ways: [{ name: 'USER' }],
    own: { USER: { open: 'user', run: userAndPass } },
    sasl: () => Promise.reject(new Error('FTP has no SASL')),
    offered: ['USER'],
    hint: 'Give `auth: { user, password }`.',
  });
  return welcome as unknown as Reply;
}

function notLoggedIn(
  reply: Reply,
  masked: string,
  { security }: Transport,
): Awaited<ReturnType<OwnWay['run']>> {
  const refusal = { kind: 'failure', reply: serverReply(reply), command: masked } as const;
  if (reply.class === 3) {
    const [asks, option] =
      reply.code === 331 ? ['a password', 'password'] : ['an account', 'account'];
    const problem = `The server asks for ${asks}, and none was given.`;
    return { ...refusal, problem, hint: `Give \`auth.${option}\`.` };
  }
  const { reason } = refusalVerdict({ ...refusal, credential: 'password', protocol: 'ftp' });
  if (reason !== 'wrong') return refusal; // its own words say why
  const hint =
    security === 'cleartext'
      ? "The server may want TLS first: use `security: 'starttls'`."
      : 'Check user and password; some servers want the user as name@domain, and lock out after some failures.';
  return { ...refusal, hint };
}

/** RFC 1635: these are no credentials, and may travel in clear. */
const anonymous = new Set(['anonymous', 'ftp']);

/**
 * The options with an `auth` that will not change.
 *
 * @throws UsageError ERR_ARGUMENT; AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED. Nothing has been dialled.
 */
export function checkAuth(options: FtpConnectOptions, { security }: Transport): FtpConnectOptions {
  const checked = checkLogin(options, [], ftpShape);
  const { auth, allowCleartextAuth } = checked;
  if (auth === undefined || security !== 'cleartext' || allowCleartextAuth) return checked;
  if (anonymous.has(auth.user)) return checked;
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
