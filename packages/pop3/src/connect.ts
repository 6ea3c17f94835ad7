/** From options to a usable session: dialled, greeted (RFC 1939 §4), secured (RFC 2595 §4, RFC 8314), authenticated. */
import {
  askedOrNot,
  checkLimits,
  commandLine,
  decodeText,
  forProtocol,
  openConnection,
  type ProtocolProfile,
  resolveTransport,
  rules,
  type SessionScope,
  StartTlsError,
  type Transport,
  type TransportOptions,
  type Wait,
} from '@fivewire/line-protocol';
import { checkLogin, lastingRefusal, loginOptions } from '@fivewire/sasl';
import { authenticate } from './authenticate.js';
import { Pop3Capabilities } from './capabilities.js';
import { useUtf8 } from './language.js';
import { serverReply } from './response.js';
import { Session } from './session.js';
import { defaultPop3Limits, type Pop3Limits, type Pop3Options } from './types.js';

export const profile: ProtocolProfile = {
  protocol: 'pop3',
  ports: { 'implicit-tls': 995, starttls: 110, cleartext: 110 },
  schemes: { pop3s: 'implicit-tls', pop3: 'starttls' },
  options: [...loginOptions, 'initialResponse', 'utf8'],
  rules: { initialResponse: rules.flag, utf8: rules.flag },
};

/** Options, checked. */
export interface Resolved {
  options: Pop3Options;
  transport: Transport;
  limits: Pop3Limits;
}

/** @throws UsageError, TlsError for a server's name that is none. Nothing has been dialled. */
export function resolveOptions(options: Pop3Options): Resolved {
  return forProtocol('pop3', () => {
    const transport = resolveTransport(profile, options as TransportOptions);
    const login = checkLogin(options, ['USER', 'APOP']);
    return {
      options: login,
      transport,
      limits: checkLimits('pop3', defaultPop3Limits, options.limits),
    };
  });
}

/** @param sessions TLS sessions to resume, shared by the connections of a pool */
export function openSession(resolved: Resolved, sessions?: SessionScope): Promise<Session> {
  return askedOrNot(resolved.transport, 'CAPA', (transport) =>
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
    const timestamp = await greeting(session);
    const inClear = transport.security === 'starttls';
    session.to(inClear ? 'greeted-in-clear' : 'greeted');
    if (inClear) await startTls(session);
    await session.readCapabilities();
    if (options.utf8 === true) session.utf8 = await useUtf8(session);
    if (options.auth !== undefined) {
      session.to('login');
      // The timestamp of a greeting in clear is nothing that TLS vouches for.
      await authenticate(session, inClear ? undefined : timestamp);
      session.to('login-accepted');
      // Gmail shows PIPELINING only now.
      await session.readCapabilities('capabilities');
    }
    return session;
  });
}

/** @returns APOP's timestamp, where the greeting has one. */
async function greeting(session: Session): Promise<string | undefined> {
  const { connection, transport } = session;
  const wait: Wait = { phase: 'greeting', timeout: transport.timeouts.greeting };
  const response = await session.queue.run(() => session.readResponse(wait), {
    phase: 'greeting',
    unprompted: true,
  });
  if (response.ok) return /<[^<>@\s]+@[^<>@\s]+>/.exec(response.text)?.[0];
  const lasting = lastingRefusal(serverReply(response), 'pop3');
  throw connection.serverClosing(decodeText(response.text), { phase: 'greeting' }, lasting);
}

/** STLS. Whatever is not TLS is an error: nothing weaker is tried. */
async function startTls(session: Session): Promise<void> {
  const { connection, transport } = session;
  const answered = await session.readCapabilities();
  // Where the caller forbids CAPA, STLS is tried untold: its refusal is an error just as well.
  const untold = transport.disable.has('CAPA');
  if (!untold && !(answered && session.capabilities.has('STLS'))) {
    throw new StartTlsError(
      'ERR_STARTTLS_NOT_OFFERED',
      answered
        ? 'The server does not offer STLS'
        : 'The server refused CAPA, so STLS is not offered',
      {
        phase: 'starttls',
        hint: "Use security: 'implicit-tls' (port 995). If this server offered STLS before, an attacker may be in between.",
      },
    );
  }
  const line = commandLine('STLS');
  await session.queue.run(
    async (turn) => {
      connection.refuseEarlyReply('STLS');
      connection.send(line);
      await turn.toRead();
      const response = await session.readResponse(session.wait(line.masked, 'starttls', undefined));
      if (!response.ok) {
        const reply = serverReply(response);
        throw new StartTlsError('ERR_STARTTLS_REFUSED', `The server refused STLS: ${reply.text}`, {
          reply: reply.text,
          phase: 'starttls',
          command: line.masked,
          hint: "Use security: 'implicit-tls' (port 995), or try later.",
        });
      }
      // Everything said in clear is forgotten.
      session.capabilities = new Pop3Capabilities();
      session.notices.clear();
      await connection.startTls('starttls', transport.options.signal);
      session.to('secured');
    },
    { phase: 'starttls', command: line.masked },
  );
}
