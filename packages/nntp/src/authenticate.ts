/** AUTHINFO, RFC 4643: SASL, else USER and PASS. In a turn that the caller owns. */
import {
  AuthenticationError,
  type CommandLine,
  commandLine,
  isFivewireError,
  loginChannel,
  type Reply,
  secret,
  serverReply,
} from '@fivewire/line-protocol';
import {
  type Auth,
  type AuthenticateOptions,
  chooseWay,
  decodeBase64,
  encodeBase64,
  refusalVerdict,
  type SaslAnswer,
  type SaslTransport,
  authenticate as saslAuthenticate,
  selectMechanism,
  type Verdict,
  type Way,
  waysIn,
} from '@fivewire/sasl';
import type { Session } from './session.js';

/** RFC 3977 §3.1: a command line has at most 512 octets, CRLF included. */
const commandOctets = 510;

/** @throws AuthenticationError, SaslError, and what the connection throws */
export async function login(session: Session): Promise<void> {
  const { options, connection, transport, capabilities } = session;
  const sasl: AuthenticateOptions = {
    auth: options.auth as Auth,
    offered: capabilities.sasl,
    ...loginChannel(transport, connection),
  };
  const ways =
    options.mechanisms === undefined ? usualWays(sasl) : waysIn(options.mechanisms, ['USER']);
  const way = await chooseWay(ways, sasl, { USER: takesUser(session) });
  if (way === undefined) throw nothingOffered(session);
  return way.name === 'SASL' ? throughSasl(session, way.options) : userAndPass(session, way);
}

/**
 * To a server that has proven itself, USER comes first: INN built with Cyrus SASL lists a dozen mechanisms of which none
 * works until somebody sets them up, and answers each with `481 generic failure`. It offers no -PLUS, though: who does
 * means it, and then not even somebody in between with a trusted certificate gets the password. Where nobody vouches for
 * the server, what does not hand it the password comes first as well.
 */
function usualWays(sasl: AuthenticateOptions): Way[] {
  const ways: Way[] = [{ name: 'SASL' }, { name: 'USER' }];
  return sasl.channel === 'verified-tls' && !bindsChannel(sasl) ? ways.reverse() : ways;
}

/** What is wrong with the options is said when the way is chosen. */
function bindsChannel(sasl: AuthenticateOptions): boolean {
  try {
    return selectMechanism(sasl).mechanism.endsWith('-PLUS');
  } catch {
    return false;
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
async function userAndPass(
  session: Session,
  { user, password }: { user: string; password: string },
): Promise<void> {
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
  const { connection, capabilities, transport } = session;
  const context = { phase: 'auth', command: line.masked } as const;
  if (reply.code === 400) return connection.serverClosing(reply.text, context);
  if (reply.code < 300 || (reply.code < 400 && reply.code !== 381)) {
    return connection.malformed('281 or 381', `${reply.code} ${reply.text}`, context);
  }
  const said = serverReply(reply);
  const verdict = tooMany.test(said.text)
    ? crowded
    : refusalVerdict({
        reply: said,
        credential: 'password',
        protocol: 'nntp',
        host: transport.host,
      });
  return connection.locate(
    new AuthenticationError(
      'ERR_AUTHENTICATION_FAILED',
      `The server refused the login: ${reply.code} ${said.text}`,
      {
        mechanism: 'USER',
        offered: [...capabilities.sasl, ...capabilities.arguments('AUTHINFO')],
        reply: said,
        retry: verdict.later ? 'later' : 'never',
        hint: verdict.hint,
      },
    ),
    context,
  );
}

/** Providers say it by 481, 482 or 502 (sabnzbd#1009, Nyuu#17): only the text tells it from a wrong password. */
const tooMany =
  /too many|connection limit|max(?:imum)?[^.]{0,30}connections|simultaneous|already (?:in use|connected)|limit reached/i;

const crowded: Verdict = {
  hint: 'Too many connections, it seems: closed ones linger for a while on the server. Use fewer.',
  later: true,
};

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
