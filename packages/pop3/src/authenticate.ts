/** SASL through AUTH (RFC 5034), else USER and PASS, or APOP (RFC 1939 §7) for those who name it. */
import { createHash } from 'node:crypto';
import {
  AuthenticationError,
  channelState,
  commandLine,
  isFivewireError,
  loginChannel,
  secret,
  secretLine,
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
  waysIn,
} from '@fivewire/sasl';
import { commandError, isTransient, parseResponse, serverReply } from './response.js';
import type { Session } from './session.js';

/** RFC 2449 §4: a command has at most 255 octets, CRLF included. */
const commandOctets = 253;

/** @throws what `logIn` of @fivewire/sasl throws; CommandError where the mailbox is not to be had now */
export async function authenticate(session: Session, timestamp: string | undefined): Promise<void> {
  const { options, connection, transport, capabilities, notices } = session;
  const { mechanisms } = options;
  const named = mechanisms !== undefined && namesUser(mechanisms);
  try {
    await logIn({
      options: {
        ...loginFields({ ...options, auth: options.auth as Auth }),
        offered: capabilities.sasl,
        ...loginChannel(transport, connection, notices),
      },
      ways:
        mechanisms === undefined
          ? [{ name: 'SASL' }, { name: 'USER' }]
          : waysIn(mechanisms, ['USER', 'APOP']),
      own: {
        // What the caller names is tried, whatever CAPA says of it.
        USER: { open: named || takesUser(session), run: (login) => userAndPass(session, login) },
        APOP: {
          open: timestamp !== undefined,
          run: (login) => apop(session, login, timestamp as string),
        },
      },
      sasl: (chosen) => throughSasl(session, chosen),
      offered: capabilities.has('USER') ? ['USER'] : [],
      hint: "The server shows neither USER nor a mechanism: name what it takes, mechanisms: ['USER'] for one. APOP needs a timestamp in the greeting and no STARTTLS; both need auth.password.",
    });
  } catch (error) {
    throw passing(session, error);
  }
}

const namesUser = (mechanisms: readonly unknown[]): boolean =>
  mechanisms.some((name) => typeof name === 'string' && name.toUpperCase() === 'USER');

interface Login {
  user: string;
  password: string;
}

type Ended = Exclude<SaslAnswer, { kind: 'challenge' }>;

/** A server without CAPA knows USER: it was the one way that all had. */
const takesUser = ({ capabilities }: Session): boolean =>
  !capabilities.known || capabilities.has('USER');

async function throughSasl(
  session: Session,
  options: AuthenticateOptions,
): Promise<{ mechanism: string }> {
  const { connection } = session;
  try {
    connection.hideInput = true;
    return await session.queue.run(
      async (turn) => {
        await turn.toRead();
        return saslAuthenticate(options, saslTransport(session));
      },
      { phase: 'auth', command: 'AUTH' },
    );
  } finally {
    connection.hideInput = false;
  }
}

/** The credentials may be good while the mailbox is not to be had: that is no failure of authentication. */
function passing(session: Session, error: unknown): unknown {
  if (!isFivewireError(error) || error.code !== 'ERR_AUTHENTICATION_FAILED') return error;
  const { reply } = error as AuthenticationError;
  if (reply === undefined || !isTransient(reply.enhanced)) return error;
  return session.connection.locate(
    commandError(
      { ok: false, code: reply.enhanced, text: reply.text },
      error.command ?? 'AUTH',
      session.capabilities.loginDelay?.seconds,
    ),
    { phase: 'auth' },
  );
}

function saslTransport(session: Session): SaslTransport {
  const { connection, options } = session;
  const send = async (line: string, masked: string): Promise<string> => {
    connection.send({ octets: Buffer.from(`${line}\r\n`, 'latin1'), masked });
    return connection.readLine({
      phase: 'auth',
      timeout: session.transport.timeouts.reply,
      command: 'AUTH',
    });
  };
  const respond = async (response: Uint8Array): Promise<SaslAnswer> => {
    const { octets, masked } = secretLine(encodeBase64(response));
    return answer(
      session,
      await send(octets.toString('latin1', 0, octets.length - 2), masked),
      true,
    );
  };
  return {
    initialResponseLimit: Number.POSITIVE_INFINITY, // what does not fit goes in a second line, below
    async start(mechanism, initial) {
      const oauth = mechanism === 'XOAUTH2' || mechanism === 'OAUTHBEARER';
      const wanted = options.initialResponse ?? !oauth;
      const encoded = initial === undefined ? '' : encodeBase64(initial) || '=';
      const whole = `AUTH ${mechanism} ${encoded}`;
      if (initial !== undefined && wanted && whole.length <= commandOctets) {
        return answer(session, await send(whole, `AUTH ${mechanism} ***`), true);
      }
      const invited = answer(session, await send(`AUTH ${mechanism}`, `AUTH ${mechanism}`), false);
      if (initial === undefined || invited.kind !== 'challenge') return invited;
      return respond(initial);
    },
    respond,
    cancel: async () => answer(session, await send('*', '*'), true),
  };
}

/**
 * What a line means to the exchange.
 *
 * @param sent whether the server has seen a response of ours. Before that, success is impossible, so that o2.pl's `+OK`
 * in place of `+` is taken as the challenge it must be; what it or others write after it means nothing then. And a
 * refusal is one of the mechanism, not of credentials, which it has not seen.
 */
function answer(session: Session, line: string, sent: boolean): SaslAnswer {
  const response = parseResponse(line);
  if (response?.ok)
    return sent ? { kind: 'success' } : { kind: 'challenge', data: new Uint8Array() };
  if (response !== undefined) {
    const unavailable = !sent && response.code === undefined;
    return { kind: 'failure', reply: serverReply(response), mechanismUnavailable: unavailable };
  }
  if (!line.startsWith('+')) {
    throw session.connection.malformed(
      '+, +OK or -ERR',
      session.connection.hideInput ? '***' : line,
      {
        phase: 'auth',
        command: 'AUTH',
      },
    );
  }
  const malformed = (): Error =>
    session.connection.malformed('a challenge in base64', '***', {
      phase: 'auth',
      command: 'AUTH',
    });
  return { kind: 'challenge', data: decodeBase64(line.slice(1).trim()), malformed };
}

/** USER and PASS, RFC 1939 §7. */
async function userAndPass(session: Session, { user, password }: Login): Promise<Ended> {
  const named = await ask(session, commandLine('USER', [user]));
  if (named.kind === 'failure') return { ...named, mechanismUnavailable: saysNothing(named) };
  return ask(session, commandLine('PASS', [secret(password)]));
}

/** Some refuse a user's name alone; what has no code and no reason that is known is about the command. */
const saysNothing = ({ reply }: Extract<Ended, { kind: 'failure' }>): boolean =>
  reply.enhanced === undefined &&
  /unknown|unrecogni[sz]ed|unsupported|disabled|invalid command|not (?:supported|allowed|implemented)/i.test(
    reply.text,
  );

/** APOP, RFC 1939 §7: MD5 over a timestamp that the server chooses, so only over a link that proves the server. */
async function apop(
  session: Session,
  { user, password }: Login,
  timestamp: string,
): Promise<Ended> {
  if (
    channelState(session.connection) === 'unverified-tls' ||
    !/^<[\x21-\x7e]+>$/.test(timestamp)
  ) {
    throw new AuthenticationError(
      'ERR_NO_COMMON_MECHANISM',
      'APOP is not safe on this connection',
      {
        mechanism: 'APOP',
        hint: 'A server that was not verified can choose the timestamp so that the password comes out; use another mechanism.',
        phase: 'auth',
      },
    );
  }
  const digest = createHash('md5')
    .update(timestamp + password, 'utf8')
    .digest('hex');
  return ask(session, commandLine('APOP', [user, secret(digest)]));
}

async function ask(session: Session, line: ReturnType<typeof commandLine>): Promise<Ended> {
  const { connection } = session;
  return session.queue.run(
    async (turn) => {
      connection.send(line);
      await turn.toRead();
      const response = await session.readResponse(session.wait(line.masked, 'auth', undefined));
      return response.ok
        ? { kind: 'success' }
        : { kind: 'failure', reply: serverReply(response), command: line.masked };
    },
    { phase: 'auth', command: line.masked },
  );
}
