/** From options to a usable session: dialled, greeted, secured (RFC 9051 §6.2.1), authenticated (§6.2.2, §6.2.3). */
import {
  aborted,
  checkLimits,
  escapeText,
  forProtocol,
  type LineConnection,
  loginChannel,
  openConnection,
  type ProtocolProfile,
  resolveTransport,
  rules,
  type SessionScope,
  type Transport,
  type TransportOptions,
} from '@fivewire/line-protocol';
import { type Auth, checkLogin, lastingRefusal, loginFields, loginOptions } from '@fivewire/sasl';
import { StartTlsError, UsageError } from 'tls-context-core';
import type { CallOptions } from './command.js';
import { serverReply } from './command-error.js';
import { CommandRunner } from './command-runner.js';
import { authenticate } from './commands/authenticate.js';
import { capability } from './commands/capability.js';
import { compress } from './commands/compress.js';
import { enable } from './commands/enable.js';
import { checkId, id, type ServerId } from './commands/id.js';
import { defaultLimits } from './limits.js';
import { Session } from './session.js';
import type { ImapOptions } from './types.js';

export const profile: ProtocolProfile = {
  protocol: 'imap',
  ports: { 'implicit-tls': 993, starttls: 143, cleartext: 143 },
  schemes: { imaps: 'implicit-tls', imap: 'starttls' },
  options: [...loginOptions, 'id', 'enable', 'compress'],
  rules: {
    compress: rules.flag,
    enable: [
      (value) =>
        Array.isArray(value) &&
        value.every((name) => typeof name === 'string' && /^[!-~]+$/.test(name)),
      'a list of capabilities',
    ],
  },
};

/** A session that can be used. */
export interface Established {
  transport: Transport;
  connection: LineConnection;
  runner: CommandRunner;
  session: Session;
  serverId: ServerId | undefined;
}

/** Checks the options; nothing is dialled. A pool does it once for all its connections. */
export function resolveOptions(options: ImapOptions): Transport {
  return forProtocol('imap', () => {
    const transport = resolveTransport(profile, options as TransportOptions);
    const login = checkLogin(options);
    checkId(options.id);
    const limits = checkLimits('imap', defaultLimits, options.limits);
    return { ...transport, options: { ...transport.options, ...login, limits: { ...limits } } };
  });
}

export async function openSession(
  options: ImapOptions,
  transport: Transport = resolveOptions(options),
  sessions?: SessionScope,
): Promise<Established> {
  const connection = await openConnection(transport, sessions);
  return connection.establish(transport.options.signal, async () => {
    const session = new Session(transport.disable);
    const runner = new CommandRunner(
      connection,
      session,
      checkLimits('imap', defaultLimits, options.limits),
    );
    const greeting = await runner.greeting(transport.security === 'starttls');
    // IceWarp says NO to a client that it does not want.
    if (greeting.status !== 'OK' && greeting.status !== 'PREAUTH')
      throw connection.serverClosing(
        greeting.text,
        { phase: 'greeting' },
        lastingRefusal(serverReply(greeting), 'imap'),
      );
    if (transport.security === 'starttls') {
      if (greeting.status === 'PREAUTH') throw preauth();
      await startTls(runner, transport.options.signal);
    }
    if (!session.knowsCapabilities) await capability(runner);
    if (options.auth !== undefined && !session.is.loggedIn) await logIn(runner, transport);
    const { compress: wantsCompression = false, enable: extensions = [] } = options;
    const { loggedIn } = session.is;
    if (loggedIn && wantsCompression) await compress(runner);
    const serverId = await introduce(runner, options);
    if (loggedIn) await enable(runner, extensions);
    return { transport, connection, runner, session, serverId };
  });
}

/** Logs in a session that is not: one made without `auth`, or after UNAUTHENTICATE. @throws UsageError `ERR_STATE` */
export async function logInLater(
  established: Established,
  options: ImapOptions,
  auth: Auth,
  call: CallOptions,
): Promise<void> {
  const { runner, session, transport } = established;
  const login = forProtocol('imap', () => checkLogin({ ...options, auth }));
  if (!session.is.mayLogIn && runner.connection.isOpen)
    throw new UsageError('ERR_STATE', `A session that is ${session.state} takes no login`, {
      hint: 'unauthenticate() first, where the server has UNAUTHENTICATE; else connect anew.',
    });
  if (call.signal?.aborted)
    throw runner.connection.locate(aborted(call.signal, { command: 'AUTHENTICATE' }, 'usable'));
  await logIn(runner, { ...transport, options: { ...transport.options, ...login } }, call);
  if (options.compress && !session.compressed) await compress(runner, call);
  established.serverId = await introduce(runner, options);
  await enable(runner, options.enable ?? [], call);
}

/**
 * STARTTLS. The reader stops at the go-ahead, so what an attacker put behind it is found by the connection; all that was
 * said in clear, the capabilities that showed STARTTLS included, is forgotten.
 */
async function startTls(runner: CommandRunner, signal: AbortSignal | undefined): Promise<void> {
  const { session, connection } = runner;
  const told = session.knowsCapabilities || (await tellsCapabilities(runner));
  if (!session.capabilities.has('STARTTLS')) {
    throw new StartTlsError(
      'ERR_STARTTLS_NOT_OFFERED',
      told
        ? 'The server does not offer STARTTLS'
        : 'The server refused CAPABILITY, so STARTTLS is not offered',
      {
        phase: 'starttls',
        hint: "Use security: 'implicit-tls' (port 993). If this server offered STARTTLS before, an attacker may be in between.",
      },
    );
  }
  const { response } = await runner.runAnyway({
    verb: 'STARTTLS',
    stopsReader: true,
    phase: 'starttls',
    onContinuation: (text) => {
      throw refused(escapeText(`+ ${text}`, 500)); // there is nothing to go on with
    },
  });
  if (response.status !== 'OK') throw refused(serverReply(response).text);
  session.forgetAll();
  await connection.startTls('starttls', signal);
  runner.start();
}

/** Whether the server answers CAPABILITY. One that has something to hide may refuse it. */
async function tellsCapabilities(runner: CommandRunner): Promise<boolean> {
  const { response } = await runner.runAnyway({ verb: 'CAPABILITY', phase: 'starttls' });
  return response.status === 'OK';
}

const refused = (reply: string): StartTlsError =>
  new StartTlsError('ERR_STARTTLS_REFUSED', `The server refused STARTTLS: ${reply}`, {
    reply,
    phase: 'starttls',
    command: 'STARTTLS',
    hint: "Use security: 'implicit-tls' (port 993), or try later.",
  });

async function logIn(
  runner: CommandRunner,
  transport: Transport,
  { signal, timeout }: CallOptions = {},
): Promise<void> {
  const { connection, session } = runner;
  const options: ImapOptions = transport.options;
  const { auth } = options;
  if (auth === undefined) return;
  const told = session.capabilitiesTold;
  // A dialogue that is given up in the middle leaves a session of which neither side knows the state: it ends.
  const stop = (): void => {
    connection.fail(aborted(signal as AbortSignal, { command: 'AUTHENTICATE' }, 'closed'));
  };
  signal?.addEventListener('abort', stop, { once: true });
  connection.hideInput = true;
  session.to('login');
  let accepted = false;
  try {
    await authenticate(
      runner,
      {
        ...loginChannel(transport, connection, session.notices),
        ...loginFields({ ...options, auth }),
      },
      timeout === undefined ? {} : { timeout },
    );
    accepted = true;
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw connection.locate(aborted(signal, { command: 'AUTHENTICATE' }, 'closed'));
  } finally {
    session.to(accepted ? 'login-accepted' : 'login-refused');
    connection.hideInput = false;
    signal?.removeEventListener('abort', stop);
  }
  // Those from before the login do not count after it (RFC 9051 §6.2.2); most servers tell the new ones by themselves.
  if (session.capabilitiesTold === told) await capability(runner);
}

/** ID, where the server has it. A server that refuses it is none the worse. */
async function introduce(
  runner: CommandRunner,
  { id: fields = { name: 'fivewire' } }: ImapOptions,
): Promise<ServerId | undefined> {
  if (fields === false || !runner.session.capabilities.has('ID')) return undefined;
  try {
    runner.session.serverId = await id(runner, fields);
    return runner.session.serverId;
  } catch (error) {
    if (runner.connection.isOpen) return undefined;
    throw error;
  }
}

/** Under STARTTLS a greeting that skips the login also skips TLS (CVE-2020-12398 and kin; RFC 9051 §7.1.4). */
const preauth = (): StartTlsError =>
  new StartTlsError(
    'ERR_PREAUTH',
    'The server greets with PREAUTH, after which STARTTLS is not allowed',
    {
      reply: 'PREAUTH',
      phase: 'greeting',
      hint: "Use security: 'implicit-tls'. An attacker between you and the server may be keeping TLS away.",
    },
  );
