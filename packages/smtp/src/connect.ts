/** From options to a session that can send: RFC 5321 §3.1 and §3.2, RFC 3207, RFC 2033. */
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import {
  checkLimits,
  commandLine,
  forProtocol,
  type LineConnection,
  type Notice,
  openConnection,
  type ProtocolProfile,
  type Reply,
  readReply,
  resolveTransport,
  rules,
  type SessionScope,
  StartTlsError,
  serverReply,
  type Transport,
  type Wait,
} from '@fivewire/line-protocol';
import { checkLogin, loginOptions } from '@fivewire/sasl';
import { asciiDomain } from './address.js';
import { wrong } from './arguments.js';
import { logIn } from './authenticate.js';
import { noExtensions, parseExtensions } from './extensions.js';
import { addressOf, isBusyGreeting, otherAddresses } from './other-addresses.js';
import { contextOf, isPassing, nextReply, outOfStep, spoken, unexpected } from './replies.js';
import { saysYes } from './reply-codes.js';
import { createSession, type Session } from './session.js';
import type { Extensions, SmtpOptions } from './types.js';
import { hasSpoken } from './undisturbed.js';

/** RFC 4954 §4 allows 12,288 octets for a challenge; replies are short. */
const defaultLimits = { lineOctets: 12_288, replyOctets: 65_536 };

export const smtpProfile: ProtocolProfile = {
  protocol: 'smtp',
  ports: { 'implicit-tls': 465, starttls: 587, cleartext: 25 },
  schemes: { smtps: 'implicit-tls', smtp: 'starttls' },
  options: [...loginOptions, 'protocol', 'clientName', 'chunking', 'ehloAfterAuth'],
  rules: { chunking: rules.flag, ehloAfterAuth: rules.flag },
  timeouts: { reply: 300_000 },
  // nodemailer's names
  renamed: {
    name: 'clientName',
    service: 'host (discover() finds the server of a mail domain)',
    pool: 'createSmtpPool()',
    maxMessages: 'maxUses, of createSmtpPool()',
    maxConnections: 'maxConnections, of createSmtpPool()',
    rateLimit: 'rate: { messages, per }, of createSmtpPool()',
    rateDelta: 'rate: { messages, per }, of createSmtpPool()',
    secure: "security: 'implicit-tls' (465) or 'starttls' (587)",
    secureConnection: "security: 'implicit-tls' (465) or 'starttls' (587)",
    starttls: "security: 'starttls'",
    secured: 'nothing: TLS is made here, over a stream in clear',
    opportunisticTLS: "security: 'starttls', which means TLS or an error",
    connectionTimeout: 'timeouts.connect',
    greetingTimeout: 'timeouts.greeting',
    socketTimeout: 'timeouts.reply and timeouts.stall',
    socketCloseTimeout: 'timeouts.close',
    dnsTimeout: 'timeouts.connect',
    dnsTtl: 'lookup, which may remember',
    maxResponseSize: 'limits.replyOctets',
    authMethod: 'mechanisms',
    lmtp: "protocol: 'lmtp'",
    connection: 'stream',
    socket: 'stream',
    debug: 'log',
    transactionLog: 'log',
    dkim: 'the option dkim of compose() or sendMail() in @fivewire/compose',
    from: 'envelope.from of send()',
    sender: 'envelope.from of send()',
    size: 'envelope.size of send()',
    hostname: 'host',
    url: 'connect(url, options)',
    getSocket: 'dial',
    customAuth: 'mechanisms, which takes your own',
    forceAuth: 'mechanisms: what it names is tried where the server offers none',
    component: 'log, whose events are yours to name',
    maxRequeues: 'outageTimeout, of createSmtpPool()',
    maxRecipients: 'nothing: the limit that a server tells (LIMITS) is obeyed',
    disableFileAccess: 'nothing: no file is opened here',
    disableUrlAccess: 'nothing: no URL is followed here',
    normalizeHeaderKey: 'nothing: compose() leaves field names as they are given',
    attachDataUrls: 'attachments with a cid, of compose()',
    newline: 'nothing: line ends are CRLF',
    headers: 'headers of the message, of compose()',
    direct: 'deliverTo(domain, …)',
    sendmail: 'host: mail goes out by SMTP alone',
    SES: 'host: email-smtp.REGION.amazonaws.com',
    streamTransport: 'compose(), whose body is the message',
    jsonTransport: 'compose(), whose envelope is plain JSON',
    allowInternalNetworkInterfaces: 'localAddress, or family',
  },
};

const lmtpProfile: ProtocolProfile = {
  ...smtpProfile,
  protocol: 'lmtp',
  ports: { 'implicit-tls': 24, starttls: 24, cleartext: 24 },
};

/** Options that have been checked. Holds the TLS context, so that a pool builds one. */
interface Resolved {
  readonly transport: Transport;
  readonly options: SmtpOptions;
}

/** @throws UsageError `ERR_ARGUMENT`, TlsError `ERR_SERVER_HOSTNAME_…`. Nothing has been dialled. */
export function resolveOptions(options: SmtpOptions): Resolved {
  return forProtocol(options?.protocol === 'lmtp' ? 'lmtp' : 'smtp', () => {
    const { protocol = 'smtp' } = options ?? {};
    if (protocol !== 'smtp' && protocol !== 'lmtp')
      throw wrong('protocol', 'must be one of two words', "Use 'smtp' or 'lmtp'.");
    if (protocol === 'lmtp' && options.security === undefined) {
      throw wrong(
        'security',
        'is missing',
        "LMTP has no usual one: name 'implicit-tls', 'starttls' or 'cleartext'.",
      );
    }
    if (options?.clientName !== undefined && !isClientName(options.clientName)) {
      throw wrong(
        'clientName',
        'is neither a domain name nor an address literal',
        'Write client.example.org or [192.0.2.1].',
      );
    }
    const profile = protocol === 'lmtp' ? lmtpProfile : smtpProfile;
    const transport = resolveTransport(profile, options);
    const login = checkLogin(options);
    const limits = checkLimits(protocol, defaultLimits, options.limits);
    return {
      transport: { ...transport, options: { ...transport.options, limits } },
      options: login,
    };
  });
}

const isClientName = (name: unknown): boolean =>
  typeof name === 'string' && asciiDomain(name) !== undefined;

/**
 * Dials, greets, secures and logs in. Whatever fails, nothing stays open. Where the first address of the host takes no session now, the
 * others are tried.
 */
export async function openSession(resolved: Resolved, sessions?: SessionScope): Promise<Session> {
  let reached: string | undefined;
  try {
    return await openOnce(resolved, sessions, (address) => {
      reached = address;
    });
  } catch (error) {
    if (!isBusyGreeting(error)) throw error;
    for (const transport of await otherAddresses(resolved.transport, reached)) {
      if (resolved.options.signal?.aborted) break;
      const session = await openOnce({ ...resolved, transport }, sessions).catch(() => undefined);
      if (session !== undefined) return session;
    }
    throw error;
  }
}

async function openOnce(
  { transport, options }: Resolved,
  sessions?: SessionScope,
  onReached: (address: string | undefined) => void = () => {},
): Promise<Session> {
  const connection = await openConnection(transport, sessions);
  onReached(addressOf(connection));
  return connection.establish(options.signal, async () => {
    await readGreeting(connection, transport);
    const name = clientName(connection, options);
    let extensions = await hello(connection, transport, name);
    if (transport.security === 'starttls') {
      await startTls(connection, transport, extensions, options.signal);
      // What was said in clear may be an attacker's word: RFC 3207 §4.2.
      extensions = await hello(connection, transport, name);
    }
    const told: Notice[] = [];
    await logIn(connection, transport, extensions, options, told);
    if (options.ehloAfterAuth === true && options.auth !== undefined)
      extensions = await helloAgain(connection, transport, name, extensions);
    const chunking = options.chunking === true;
    const session = createSession(connection, transport, extensions, chunking, () =>
      hello(connection, transport, name),
    );
    for (const notice of told) session.notices.push(notice);
    return session;
  });
}

async function readGreeting(connection: LineConnection, { timeouts }: Transport): Promise<void> {
  const wait: Wait = { phase: 'greeting', timeout: timeouts.greeting };
  const greeting = await nextReply(connection, wait);
  if (greeting.code !== 220) throw unexpected(connection, greeting, 'the greeting, 220', wait);
}

/** EHLO (LMTP: LHLO), and HELO where EHLO is not known. HELO promises nothing, so under STARTTLS it is no way. */
async function hello(
  connection: LineConnection,
  transport: Transport,
  name: string,
): Promise<Extensions> {
  const lmtp = transport.protocol === 'lmtp';
  const verb = lmtp ? 'LHLO' : 'EHLO';
  const { reply, wait } = await greet(connection, transport, verb, name);
  if (saysYes(verb, reply)) return parseExtensions(reply, transport.disable);

  const secured = connection.secureStream !== undefined;
  if (transport.security === 'starttls' && !secured && reply.class === 5) {
    throw notOffered(`The server refused ${verb}, without which there is no STARTTLS`, reply, wait);
  }
  if (lmtp || reply.class !== 5) throw unexpected(connection, reply, `250 to ${verb}`, wait);
  const older = await greet(connection, transport, 'HELO', name);
  if (!saysYes('HELO', older.reply))
    throw unexpected(connection, older.reply, '250 to HELO', older.wait);
  return noExtensions;
}

/** After the login. A server that refuses it has told what it can. */
async function helloAgain(
  connection: LineConnection,
  transport: Transport,
  name: string,
  told: Extensions,
): Promise<Extensions> {
  const verb = transport.protocol === 'lmtp' ? 'LHLO' : 'EHLO';
  const { reply, wait } = await greet(connection, transport, verb, name);
  if (saysYes(verb, reply)) return parseExtensions(reply, transport.disable);
  if (reply.class === 4 || reply.class === 5) return told;
  throw unexpected(connection, reply, `250 to ${verb}`, wait);
}

async function greet(
  connection: LineConnection,
  { timeouts, security }: Transport,
  verb: string,
  name: string,
): Promise<{ reply: Reply; wait: Wait }> {
  const line = commandLine(verb, [name]);
  const wait: Wait = { phase: 'capabilities', timeout: timeouts.reply, command: line.masked };
  // It would be taken for the reply to this command, and the reply for that to the next. (Before STARTTLS its wall judges.)
  const isWalled = security === 'starttls' && connection.secureStream === undefined;
  if (!isWalled && hasSpoken(connection))
    throw outOfStep(connection, await nextReply(connection, wait), `no reply before ${verb}`, wait);
  connection.send(line);
  return { reply: await nextReply(connection, wait), wait };
}

/** RFC 3207 §4. 220 alone is the go-ahead; nothing is sent behind the command, nothing may come behind the reply. */
async function startTls(
  connection: LineConnection,
  { timeouts }: Transport,
  extensions: Extensions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const wait: Wait = { phase: 'starttls', timeout: timeouts.reply, command: 'STARTTLS' };
  if (!extensions.has('STARTTLS'))
    throw notOffered('The server does not offer STARTTLS', undefined, wait);
  connection.refuseEarlyReply('STARTTLS');
  connection.send(commandLine('STARTTLS'));
  const reply = await readReply(connection, 'smtp', wait); // 421 too is a refusal here
  if (reply.code !== 220) {
    throw new StartTlsError(
      'ERR_STARTTLS_REFUSED',
      `The server refused STARTTLS: ${spoken(serverReply(reply))}`,
      {
        ...contextOf(wait),
        reply: spoken(serverReply(reply)),
        retry: isPassing(serverReply(reply)) ? 'later' : 'never',
        hint: "Try security: 'implicit-tls' on port 465; a server that can't do TLS should not get your mail.",
      },
    );
  }
  await connection.startTls('starttls', signal);
}

const notOffered = (message: string, reply: Reply | undefined, wait: Wait): StartTlsError =>
  new StartTlsError('ERR_STARTTLS_NOT_OFFERED', message, {
    ...contextOf(wait),
    ...(reply === undefined ? {} : { reply: spoken(serverReply(reply)) }),
    hint: "An attacker on the way may have removed it. Try security: 'implicit-tls' on port 465, or port 587 in place of 25.",
  });

/** What EHLO says of us: this machine's full name or, where it has none, our address as a literal. */
function clientName({ stream }: LineConnection, options: SmtpOptions): string {
  const name = asciiDomain(options.clientName ?? hostname());
  if (name !== undefined && (options.clientName !== undefined || name.includes('.'))) return name;
  const address = (stream as Partial<Socket>).localAddress?.replace(/%.*$/, '');
  const literal = address?.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
  return asciiDomain(literal) ?? '[127.0.0.1]';
}
