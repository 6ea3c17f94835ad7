/** AUTHINFO, RFC 4643: SASL, else USER and PASS. In a turn that the caller owns. */
import {
  AuthenticationError,
  type CommandLine,
  channelState,
  commandLine,
  isFivewireError,
  type Reply,
  secret,
  serverReply,
  UsageError,
} from '@fivewire/line-protocol';
import {
  type Auth,
  type AuthenticateOptions,
  decodeBase64,
  encodeBase64,
  type SaslAnswer,
  type SaslTransport,
  authenticate as saslAuthenticate,
  selectMechanism,
} from '@fivewire/sasl';
import type { Session } from './session.js';

/** RFC 3977 §3.1: a command line has at most 512 octets, CRLF included. */
const commandOctets = 510;

type Way = { name: 'USER' } | { name: 'SASL'; mechanisms?: string[] };

/** @throws AuthenticationError, SaslError, and what the connection throws */
export async function login(session: Session): Promise<void> {
  const { options, connection, transport, capabilities } = session;
  const auth = options.auth as Auth;
  const { secureStream } = connection;
  const sasl: AuthenticateOptions = {
    auth,
    offered: capabilities.sasl,
    channel: channelState(connection),
    protocol: 'nntp',
    host: transport.host,
    port: transport.port,
    ...(options.allowCleartextAuth === undefined
      ? {}
      : { allowCleartextAuth: options.allowCleartextAuth }),
    ...(secureStream === undefined ? {} : { binding: secureStream }),
  };
  let nothingFits: unknown;
  for (const way of waysIn(options.mechanisms, sasl)) {
    const wanted =
      way.name === 'SASL' && way.mechanisms !== undefined
        ? { ...sasl, mechanisms: way.mechanisms }
        : sasl;
    // Judges `auth` and the channel for all ways alike, before anything is sent.
    const error = whyNot(wanted);
    if (error !== undefined && codeOf(error) !== 'ERR_NO_COMMON_MECHANISM') throw error;
    if (way.name === 'SASL') {
      nothingFits ??= error;
      if (error === undefined) return throughSasl(session, wanted);
    } else if (takesUser(session)) {
      const password = await passwordOf(auth);
      if (password !== undefined) return userAndPass(session, password);
    }
  }
  throw nothingFits ?? nothingOffered(session);
}

/**
 * To a server that has proven itself, USER comes first: INN built with Cyrus SASL lists a dozen mechanisms of which none
 * works until somebody sets them up, and answers each with `481 generic failure`. It offers no -PLUS, though: who does
 * means it, and then not even somebody in between with a trusted certificate gets the password. Where nobody vouches for
 * the server, what does not hand it the password comes first as well.
 */
function waysIn(mechanisms: readonly string[] | undefined, sasl: AuthenticateOptions): Way[] {
  if (mechanisms === undefined) {
    return sasl.channel === 'verified-tls' && !bindsChannel(sasl)
      ? [{ name: 'USER' }, { name: 'SASL' }]
      : [{ name: 'SASL' }, { name: 'USER' }];
  }
  const ways: Way[] = [];
  for (const name of mechanisms.map((given) => String(given).toUpperCase())) {
    const last = ways.at(-1);
    if (name === 'USER') ways.push({ name });
    else if (last?.name === 'SASL') last.mechanisms?.push(name);
    else ways.push({ name: 'SASL', mechanisms: [name] });
  }
  return ways;
}

const bindsChannel = (sasl: AuthenticateOptions): boolean =>
  whyNot(sasl) === undefined && selectMechanism(sasl).mechanism.endsWith('-PLUS');

function whyNot(options: AuthenticateOptions): unknown {
  try {
    selectMechanism(options);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A server without CAPABILITIES knows AUTHINFO USER (RFC 2980), if any. Some list AUTHINFO without arguments. */
const takesUser = ({ capabilities }: Session): boolean =>
  !capabilities.known ||
  capabilities.has('AUTHINFO', 'USER') ||
  (capabilities.has('AUTHINFO') && capabilities.arguments('AUTHINFO').length === 0);

async function throughSasl(session: Session, options: AuthenticateOptions): Promise<void> {
  const { connection } = session;
  try {
    connection.hideInput = true;
    await saslAuthenticate(options, saslTransport(session));
  } catch (error) {
    if (isFivewireError(error) && error.name === 'SaslError') throw connection.fail(error);
    throw error;
  } finally {
    connection.hideInput = false;
  }
}

function saslTransport(session: Session): SaslTransport {
  const ask = async (line: string, masked: string, mechanism: string): Promise<SaslAnswer> =>
    answer(
      session,
      await exchange(session, { octets: Buffer.from(`${line}\r\n`, 'latin1'), masked }),
      mechanism,
    );
  let current = '';
  return {
    initialResponseLimit: commandOctets - 'AUTHINFO SASL SCRAM-SHA-512-PLUS '.length,
    start(mechanism, initial) {
      current = mechanism;
      const command = `AUTHINFO SASL ${mechanism}`;
      if (initial === undefined) return ask(command, command, mechanism);
      return ask(`${command} ${encode(initial)}`, `${command} ***`, mechanism);
    },
    respond: (response) => ask(encode(response), '***', current),
    cancel: () => ask('*', '*', current),
  };
}

/** RFC 4643 §2.4.2: no octets are written `=`. */
const encode = (octets: Uint8Array): string => encodeBase64(octets) || '=';

function answer(session: Session, reply: Reply, mechanism: string): SaslAnswer {
  const text = (reply.lines[0] ?? '').trim();
  switch (reply.code) {
    case 281:
      return { kind: 'success' };
    case 283:
      return { kind: 'success', data: octets(session, text) };
    case 383:
      return { kind: 'challenge', data: octets(session, text) };
    case 400:
      throw session.connection.serverClosing(reply.text, { phase: 'auth', command: 'AUTHINFO' });
    default:
      if (reply.code < 400) {
        throw session.connection.malformed('281, 283, 383 or a refusal', `${reply.code}`, {
          phase: 'auth',
          command: `AUTHINFO SASL ${mechanism}`,
        });
      }
      // RFC 4643 §2.4.1: 503 is the mechanism, 481 the credentials.
      return {
        kind: 'failure',
        reply: serverReply(reply),
        mechanismUnavailable: reply.code === 503,
      };
  }
}

function octets(session: Session, text: string): Uint8Array {
  if (text === '=' || text === '') return new Uint8Array();
  const data = decodeBase64(text);
  if (data !== undefined) return data;
  throw session.connection.malformed('a challenge in base64', '***', {
    phase: 'auth',
    command: 'AUTHINFO',
  });
}

/** AUTHINFO USER, RFC 4643 §2.3. Some servers let the name alone in; some ask for the password of nobody. */
async function userAndPass(session: Session, password: string): Promise<void> {
  const { user } = session.options.auth as { user: string };
  const first = commandLine('AUTHINFO', ['USER', user]);
  const named = await exchange(session, first);
  if (named.code === 281) return;
  if (named.code !== 381) throw refused(session, named, first);
  const second = commandLine('AUTHINFO', ['PASS', secret(password)]);
  const passed = await exchange(session, second);
  if (passed.code !== 281) throw refused(session, passed, second);
}

async function exchange(session: Session, line: CommandLine): Promise<Reply> {
  session.connection.send(line);
  return session.readReply(session.wait(line, 'auth', undefined));
}

function refused(session: Session, reply: Reply, line: CommandLine): Error {
  const { connection, capabilities } = session;
  const context = { phase: 'auth', command: line.masked } as const;
  if (reply.code === 400) return connection.serverClosing(reply.text, context);
  if (reply.code < 300 || (reply.code < 400 && reply.code !== 381)) {
    return connection.malformed('281 or 381', `${reply.code} ${reply.text}`, context);
  }
  const said = serverReply(reply);
  const busy = tooMany.test(said.text);
  return connection.locate(
    new AuthenticationError(
      'ERR_AUTHENTICATION_FAILED',
      `The server refused the login: ${reply.code} ${said.text}`,
      {
        mechanism: 'USER',
        offered: [...capabilities.sasl, ...capabilities.arguments('AUTHINFO')],
        reply: said,
        retry: busy ? 'later' : 'never',
        hint: busy
          ? 'Too many connections, it seems: closed ones linger for a while on the server. Use fewer.'
          : reply.code === 483
            ? "The server wants TLS first: security: 'implicit-tls' or 'starttls'."
            : 'Check the user name and the password.',
      },
    ),
    context,
  );
}

/** Providers say it by 481, 482 or 502 (sabnzbd#1009, Nyuu#17): only the text tells it from a wrong password. */
const tooMany =
  /too many|connection limit|max(?:imum)?[^.]{0,30}connections|simultaneous|already (?:in use|connected)|limit reached/i;

function nothingOffered({ capabilities }: Session): AuthenticationError {
  return new AuthenticationError(
    'ERR_NO_COMMON_MECHANISM',
    'None of `mechanisms` can be used here',
    {
      offered: [...capabilities.sasl, ...capabilities.arguments('AUTHINFO')],
      phase: 'auth',
      hint: 'USER must be offered (AUTHINFO USER) and needs auth.password.',
    },
  );
}

/** The password, for the way that takes one; `undefined` for other credentials. */
async function passwordOf(auth: Auth): Promise<string | undefined> {
  if (!('password' in auth) || auth.authzid !== undefined) return undefined;
  const { password } = auth;
  let text: unknown = password;
  let cause: unknown;
  try {
    if (typeof password === 'function') text = await password();
  } catch (thrown) {
    text = undefined;
    cause = thrown;
  }
  if (typeof text === 'string' && text !== '') return text;
  throw new UsageError('ERR_ARGUMENT', 'auth.password() gave no password', {
    argument: 'auth.password',
    hint: 'Nothing was sent. Where your function threw, that error is the cause.',
    cause,
  });
}

const codeOf = (error: unknown): string | undefined =>
  isFivewireError(error) ? error.code : undefined;
