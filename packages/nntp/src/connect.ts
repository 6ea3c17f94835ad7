/** From options to a usable session: dialled, greeted (RFC 3977 §5.1), secured (RFC 4642), in reader mode, logged in. */
import {
  askedOrNot,
  checkLimits,
  commandLine,
  forProtocol,
  type LineConnection,
  openConnection,
  type ProtocolProfile,
  Reply,
  resolveTransport,
  rules,
  type SessionScope,
  StartTlsError,
  serverReply,
  type Transport,
  type TransportOptions,
  type Wait,
} from '@fivewire/line-protocol';
import { checkLogin, lastingRefusal, loginOptions } from '@fivewire/sasl';
import { NntpCapabilities } from './capabilities.js';
import { compress } from './compress.js';
import { knowsNot, refusal } from './response-codes.js';
import { Session } from './session.js';
import { defaultNntpLimits, type NntpLimits, type NntpOptions } from './types.js';

export const profile: ProtocolProfile = {
  protocol: 'nntp',
  ports: { 'implicit-tls': 563, starttls: 119, cleartext: 119 },
  schemes: { nntps: 'implicit-tls', nntp: 'starttls' },
  options: [...loginOptions, 'reader', 'compress'],
  rules: { reader: rules.flag, compress: rules.flag },
};

/** Options, checked. */
export interface Resolved {
  options: NntpOptions;
  transport: Transport;
  limits: NntpLimits;
}

/** @throws UsageError, TlsError for a server's name that is none. Nothing has been dialled. */
export function resolveOptions(options: NntpOptions): Resolved {
  return forProtocol('nntp', () => {
    const transport = resolveTransport(profile, options as TransportOptions);
    const login = checkLogin(options, ['USER']);
    return {
      options: login,
      transport,
      limits: checkLimits('nntp', defaultNntpLimits, options.limits),
    };
  });
}

/** @param sessions TLS sessions to resume, shared by the connections of a pool */
export function openSession(resolved: Resolved, sessions?: SessionScope): Promise<Session> {
  return askedOrNot(resolved.transport, 'CAPABILITIES', (transport) =>
    open({ ...resolved, transport }, sessions),
  );
}

async function open(
  { options, transport, limits }: Resolved,
  sessions: SessionScope | undefined,
): Promise<Session> {
  const connection = await openConnection(
    { ...transport, options: { ...transport.options, limits } },
    sessions,
  );
  return connection.establish(options.signal, async () => {
    const session = new Session(connection, transport, options, limits);
    await greeting(session);
    const inClear = transport.security === 'starttls';
    session.to(inClear ? 'greeted-in-clear' : 'greeted');
    await session.readCapabilities();
    if (inClear) {
      // INN's innd hands over to nnrpd first, and nnrpd has STARTTLS (RFC 3977 §5.3.3).
      if (!session.capabilities.has('STARTTLS')) await readerMode(session);
      await startTls(session);
      await session.readCapabilities();
    }
    await readerMode(session);
    if (session.canLogIn) {
      await session.logIn();
      // Seen in both orders: some servers let no client read before its login.
      await readerMode(session);
    }
    if (options.compress === true) await compress(session);
    return session;
  });
}

async function greeting(session: Session): Promise<void> {
  const { connection, transport } = session;
  const wait: Wait = { phase: 'greeting', timeout: transport.timeouts.greeting };
  const { responseOctets } = session.limits;
  const readLine = async (): Promise<string> => {
    for (let octets = 0; octets <= responseOctets; octets += 2) {
      const line = await connection.readLine(wait);
      if (line !== '') return line; // an empty line means nothing
    }
    throw connection.exceeded('responseOctets', responseOctets, { phase: 'greeting' });
  };
  const line = await session.queue.run(readLine, { phase: 'greeting', unprompted: true });
  if (line.length > responseOctets)
    throw connection.exceeded('responseOctets', responseOctets, { phase: 'greeting' });
  // `200-Welcome`, `200` and a tab, and `200` alone have been seen.
  const [, code, text = ''] = /^([1-5]\d\d)(?:\D(.*))?$/s.exec(line) ?? [];
  if (code === undefined) throw connection.malformed('200 or 201', line, { phase: 'greeting' });
  const reply = new Reply(Number(code), [text]);
  if (!noteMode(session, reply)) throw unwelcome(connection, reply);
}

/** 200 and 201 differ in whether we may post. */
function noteMode(session: Session, { code }: Reply): boolean {
  if (code !== 200 && code !== 201) return false;
  session.postingSaid = code === 200;
  return true;
}

/** 400 passes, 502 lasts, unless there are too many of us: both close the connection (RFC 3977 §5.1.1), as does what is like them. */
function unwelcome(connection: LineConnection, reply: Reply): Error {
  return reply.code === 400 || reply.code === 403 || reply.code >= 500
    ? connection.serverClosing(
        reply.text,
        { phase: 'greeting' },
        lastingRefusal(serverReply(reply), 'nntp'),
      )
    : connection.malformed('200 or 201', `${reply.code} ${reply.text}`, { phase: 'greeting' });
}

/** MODE READER, RFC 3977 §5.3, where the server says that it needs it or does not say what it can. */
async function readerMode(session: Session): Promise<void> {
  const { capabilities, connection } = session;
  if (session.options.reader === false) return;
  if (capabilities.known && !capabilities.has('MODE-READER')) return;
  const line = commandLine('MODE', ['READER']);
  await session.queue.run(
    async (turn) => {
      connection.send(line);
      await turn.toRead();
      const reply = await session.readReply(session.wait(line.masked, 'capabilities', undefined));
      if (noteMode(session, reply)) return;
      // An old server that knows neither CAPABILITIES nor this is a reader already; 480 comes again when it matters.
      if (knowsNot(reply) || reply.code === 480) return;
      if (reply.code !== 502) throw refusal(connection, reply, line.masked);
      const lasting = lastingRefusal(serverReply(reply), 'nntp');
      throw connection.serverClosing(reply.text, { command: line.masked }, lasting);
    },
    { phase: 'capabilities', command: line.masked },
  );
  if (capabilities.known) await session.readCapabilities();
}

/** STARTTLS, RFC 4642. Only 382 goes on; whatever is not TLS is an error: nothing weaker is tried. */
async function startTls(session: Session): Promise<void> {
  const { connection, transport } = session;
  // Where the caller forbids CAPABILITIES, STARTTLS is tried untold: its refusal is an error just as well.
  const untold = transport.disable.has('CAPABILITIES');
  if (!untold && !session.capabilities.has('STARTTLS')) {
    throw new StartTlsError(
      'ERR_STARTTLS_NOT_OFFERED',
      session.capabilities.known
        ? 'The server does not offer STARTTLS'
        : 'The server refused CAPABILITIES, so STARTTLS is not offered',
      {
        phase: 'starttls',
        hint: "Use security: 'implicit-tls' (port 563). If this server offered STARTTLS before, an attacker may be in between.",
      },
    );
  }
  const line = commandLine('STARTTLS');
  await session.queue.run(
    async (turn) => {
      connection.refuseEarlyReply('STARTTLS');
      connection.send(line);
      await turn.toRead();
      const reply = await session.readReply(session.wait(line.masked, 'starttls', undefined));
      if (reply.code !== 382) {
        const { text } = serverReply(reply);
        throw new StartTlsError(
          'ERR_STARTTLS_REFUSED',
          `The server refused STARTTLS: ${reply.code} ${text}`,
          {
            reply: `${reply.code} ${text}`,
            phase: 'starttls',
            command: line.masked,
            hint: "Use security: 'implicit-tls' (port 563), or try later.",
          },
        );
      }
      // Everything said in clear is forgotten.
      session.capabilities = new NntpCapabilities();
      session.postingSaid = undefined;
      session.notices.clear();
      await connection.startTls('starttls', transport.options.signal);
      session.to('secured');
    },
    { phase: 'starttls', command: line.masked },
  );
}
