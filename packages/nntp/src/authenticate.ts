/** AUTHINFO, RFC 4643: SASL, else USER and PASS. In a turn that the caller owns. */
import {
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
  decodeBase64,
  encodeBase64,
  logIn,
  loginFields,
  type SaslAnswer,
  type SaslTransport,
  authenticate as saslAuthenticate,
  selectMechanism,
  type Way,
  waysIn,
} from '@fivewire/sasl';
import type { Session } from './session.js';

/** RFC 3977 §3.1: a command line has at most 512 octets, CRLF included. */
const commandOctets = 510;

/** @throws AuthenticationError, SaslError, and what the connection throws */
export async function login(session: Session): Promise<void> {
  const { options, connection, transport, capabilities, notices } = session;
  const { mechanisms } = options;
  const sasl: AuthenticateOptions = {
    ...loginFields({ ...options, auth: options.auth as Auth }),
    offered: capabilities.sasl,
    ...loginChannel(transport, connection, notices),
  };
  const named = mechanisms?.some((name) => typeof name === 'string' && /^user$/i.test(name));
  try {
    await logIn({
      options: sasl,
      ways: mechanisms === undefined ? usualWays(sasl) : waysIn(mechanisms, ['USER']),
      // What the caller names is tried, whatever CAPABILITIES says of it.
      own: {
        USER: {
          open: named || takesUser(session),
          run: (credentials) => userAndPass(session, credentials),
        },
      },
      sasl: (chosen) => throughSasl(session, chosen),
      offered: capabilities.arguments('AUTHINFO'),
      hint: "The server shows neither AUTHINFO USER nor a mechanism that fits: name what it takes, mechanisms: ['USER'] for one, which needs auth.password.",
    });
  } catch (error) {
    throw isFivewireError(error) ? connection.locate(error, { phase: 'auth' }) : error;
  }
}

/**
 * To a server that has proven itself, USER comes first: INN built with Cyrus SASL lists a dozen mechanisms of which none
 * works until it is set up, and answers each with `481 generic failure`. It offers no -PLUS, though: a server that
 * does means it, and then SCRAM comes first. Where the server is not verified, what does not hand it the password comes first as well.
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

async function throughSasl(
  session: Session,
  options: AuthenticateOptions,
): Promise<{ mechanism: string }> {
  const { connection } = session;
  try {
    connection.hideInput = true;
    return await saslAuthenticate(options, saslTransport(session));
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
      return { kind: 'success', data: octets(text) ?? refuse(session) };
    case 383:
      return { kind: 'challenge', data: octets(text), malformed: () => malformed(session) };
    case 400:
      throw session.connection.serverClosing(reply.text, { phase: 'auth', command: 'AUTHINFO' });
    default:
      if (reply.code < 400) {
        throw session.connection.malformed('281, 283, 383 or a refusal', `${reply.code}`, {
          phase: 'auth',
          command: `AUTHINFO SASL ${mechanism}`,
        });
      }
      // RFC 4643 §2.4.1: 481 is the credentials, 482 the exchange, 503 the mechanism; 500 and 501: no such command.
      return {
        kind: 'failure',
        reply: serverReply(reply),
        mechanismUnavailable: [482, 500, 501, 503].includes(reply.code),
      };
  }
}

function octets(text: string): Uint8Array | undefined {
  return text === '=' || text === '' ? new Uint8Array() : decodeBase64(text);
}

const malformed = ({ connection }: Session): Error =>
  connection.malformed('a challenge in base64', '***', { phase: 'auth', command: 'AUTHINFO' });

function refuse(session: Session): never {
  throw malformed(session);
}

type Ended = Exclude<SaslAnswer, { kind: 'challenge' }>;

/** AUTHINFO USER, RFC 4643 §2.3. Some servers let the name alone in. */
async function userAndPass(
  session: Session,
  { user, password }: { user: string; password: string },
): Promise<Ended> {
  const first = commandLine('AUTHINFO', ['USER', user]);
  const named = await exchange(session, first);
  if (named.code !== 381) return ended(session, named, first);
  const second = commandLine('AUTHINFO', ['PASS', secret(password)]);
  return ended(session, await exchange(session, second), second);
}

async function exchange(session: Session, line: CommandLine): Promise<Reply> {
  session.connection.send(line);
  return session.readReply(session.wait(line.masked, 'auth', undefined));
}

function ended(session: Session, reply: Reply, line: CommandLine): Ended {
  const { connection } = session;
  const context = { phase: 'auth', command: line.masked } as const;
  if (reply.code === 281) return { kind: 'success' };
  if (reply.code === 400) throw connection.serverClosing(reply.text, context);
  if (reply.code < 400 && reply.code !== 381)
    throw connection.malformed('281 or 381', `${reply.code} ${reply.text}`, context);
  return {
    kind: 'failure',
    reply: serverReply(reply),
    command: line.masked,
    mechanismUnavailable: [500, 501, 503].includes(reply.code),
  };
}
