/// <reference path="./dns-packet.d.ts" />
/**
 * Questions to a validating resolver that the caller trusts, and whether its answers are authenticated (the AD bit:
 * RFC 4035 §3.2.3, RFC 6840 §5.7). Node's own resolver does not tell. UDP (RFC 1035 §4.2.1, RFC 6891), then TCP where the
 * answer was cut (RFC 7766).
 *
 * The AD bit is the resolver's word alone: it is worth as much as the way to it. Loopback, or a network of one's own.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import {
  aborted,
  ConnectionError,
  dial,
  endless,
  optional,
  parseServerHostname,
  RemoteProtocolError,
  timedOut,
  UsageError,
} from '@fivewire/line-protocol';

// By type only: the package itself is loaded when the first question is asked.
type DnsPacket = typeof import('dns-packet');
type Answer = import('dns-packet').Answer;
type Packet = import('dns-packet').Packet;

export interface TrustedResolver {
  address: string;
  port: number;
}

export interface QuestionOptions {
  signal?: AbortSignal;
  /** For the answer, in milliseconds. Default 10,000. */
  timeout?: number;
}

/** What the resolver said of one name and type. */
export interface DnsAnswer {
  /** The AD bit: DNSSEC proves it, be it records or their absence. */
  authenticated: boolean;
  /** The data of the records asked for, aliases followed within the answer; empty: there are none. */
  records: readonly unknown[];
  /** Where the aliases of the answer end: the name asked for, where it is none. */
  name: string;
}

/** `127.0.0.1`, `127.0.0.1:53`, `[::1]:53`: an address, for a name would have to be resolved by another resolver. */
export function parseResolver(text: string): TrustedResolver {
  const [, v6, other = '', port = '53'] =
    (typeof text === 'string' &&
      /^(?:\[([^\]]+)\]|([^:]+|.*:.*:.*?))(?::(\d{1,5}))?$/.exec(text)) ||
    [];
  const address = v6 ?? other;
  if (isIP(address) === 0 || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError('ERR_ARGUMENT', 'resolver is no address with an optional port', {
      argument: 'resolver',
      hint: 'Name a validating resolver that you trust, as 127.0.0.1:53 or [::1]:53.',
    });
  }
  return { address, port: Number(port) };
}

const udpOctets = 1_232;
const defaultTimeout = 10_000;
/** After which a datagram is sent again, in milliseconds. */
const patience = 2_000;
const strayLimit = 100;
const aliasLimit = 8;

/**
 * @throws ConnectionError `ERR_DIAL_FAILED`, `retry: 'later'` (no answer, SERVFAIL, which is also how forged data shows);
 * RemoteProtocolError `ERR_MALFORMED_RESPONSE`; TimeoutError; AbortError.
 */
export async function ask(
  resolver: TrustedResolver,
  name: string,
  type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'TLSA',
  { signal, timeout = defaultTimeout }: QuestionOptions = {},
): Promise<DnsAnswer> {
  const context = { phase: 'dial', command: `${type} ${name}` } as const;
  if (signal?.aborted) throw aborted(signal, context, 'closed');
  const stop = new AbortController();
  const leave = () => stop.abort(aborted(signal as AbortSignal, context, 'closed'));
  const late = () => stop.abort(timedOut({ ...context, timeout, hint }));
  const timer = endless(timeout) ? undefined : setTimeout(late, timeout);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const load = () => import('dns-packet') as Promise<DnsPacket & { default?: DnsPacket }>;
    const dnsPacket = await optional('dns-packet', 'DANE and trusted resolvers', load);
    const question = createQuestion(dnsPacket.default ?? dnsPacket, name, type);
    const reply =
      (await overUdp(resolver, question, stop.signal)) ??
      (await overTcp(resolver, question, stop.signal));
    return readAnswer(reply, name, type);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}

interface Question {
  octets: Buffer;
  /** The reply, where these octets are one to this question; `undefined`: they are not. */
  match(octets: Uint8Array): Packet | undefined;
}

function createQuestion(dns: DnsPacket, name: string, type: string): Question {
  const id = randomInt(0x10000);
  const octets = dns.encode({
    type: 'query',
    id,
    flags: dns.RECURSION_DESIRED | dns.AUTHENTIC_DATA,
    questions: [{ name, type }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: udpOctets, flags: 0, options: [] }],
  });
  return {
    octets,
    match(reply) {
      const packet = decode(dns, reply);
      const asked = packet?.questions?.length === 1 ? packet.questions[0] : undefined;
      const mine =
        packet?.type === 'response' &&
        packet.id === id &&
        asked?.type === type &&
        (asked.class ?? 'IN') === 'IN' &&
        sameName(asked.name, name);
      return mine ? packet : undefined;
    },
  };
}

function decode(dns: DnsPacket, octets: Uint8Array): Packet | undefined {
  try {
    return dns.decode(Buffer.from(octets));
  } catch {
    return undefined;
  }
}

/** Nothing where the answer was cut. A connected socket takes no datagrams but the resolver's. */
async function overUdp(
  { address, port }: TrustedResolver,
  question: Question,
  signal: AbortSignal,
): Promise<Packet | undefined> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  let again: NodeJS.Timeout | undefined;
  try {
    socket.connect(port, address);
    await once(socket, 'connect', { signal });
    const send = () => socket.send(question.octets, () => {}); // what is lost is sent again
    send();
    again = setInterval(send, patience);
    for (let stray = 0; stray < strayLimit; stray++) {
      const [datagram] = (await once(socket, 'message', { signal })) as [Buffer];
      const reply = question.match(datagram);
      if (reply) return reply.flag_tc ? undefined : reply;
    }
    throw malformed('one answer', 'a hundred that were not asked for');
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unreachable(error);
  } finally {
    clearInterval(again);
    socket.on('error', () => {});
    socket.close();
  }
}

/** The octets of a message follow two that count them (RFC 1035 §4.2.2). */
async function overTcp(
  { address, port }: TrustedResolver,
  question: Question,
  signal: AbortSignal,
): Promise<Packet> {
  const stream = await dial({ host: address, port, purpose: 'control' }, { signal, timeout: 0 });
  const end = () => stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.octets.length);
    stream.write(Buffer.concat([length, question.octets]));
    let come = Buffer.alloc(0);
    for await (const chunk of stream) {
      come = Buffer.concat([come, chunk as Buffer]);
      const expected = come.length < 2 ? Number.POSITIVE_INFINITY : 2 + come.readUInt16BE(0);
      if (come.length < expected) continue;
      const reply = question.match(come.subarray(2, expected));
      if (reply === undefined || reply.flag_tc) throw malformed('the answer', 'another');
      return reply;
    }
    throw malformed('the answer', 'the end');
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
}

function readAnswer(reply: Packet, name: string, type: string): DnsAnswer {
  const { rcode, flag_ad: authenticated = false, answers = [] } = reply;
  if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') throw refused(`${type} ${name}`, String(rcode));
  if (rcode === 'NXDOMAIN') return { authenticated, records: [], name };
  const { records, name: end } = recordsOf(answers, name, type);
  // A server that does not ask others for us refers to them: that is no word about records (RFC 2308 §2.2).
  if (records.length === 0 && !reply.flag_ra) throw refused(`${type} ${name}`, 'without recursion');
  return { authenticated, records, name: end };
}

/** Records of the name that was asked for, or of the one that it is an alias of; what else lies in an answer is passed over. */
function recordsOf(
  answers: readonly Answer[],
  name: string,
  type: string,
): Pick<DnsAnswer, 'records' | 'name'> {
  let owner = name;
  for (let hops = 0; hops < aliasLimit; hops++) {
    const own = answers.filter((answer) => sameName(answer.name, owner));
    const found = own.filter((answer) => answer.type === type).map(({ data }) => data);
    const alias = own.find((answer) => answer.type === 'CNAME')?.data;
    if (found.length > 0 || typeof alias !== 'string') return { records: found, name: owner };
    owner = alias;
  }
  throw malformed('an alias that ends', `more than ${aliasLimit} of ${name}`);
}

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');
const sameName = (one: string, other: string): boolean => plain(one) === plain(other);

/** A host name in an answer, as A-labels; nothing where it is none. */
export function hostIn(name: unknown): string | undefined {
  try {
    const { kind, name: host } = parseServerHostname(String(name));
    return kind === 'dns' ? host : undefined;
  } catch {
    return undefined;
  }
}

const hint = 'Check that the resolver runs, validates, and may be asked from here; then try again.';

const unreachable = (cause: unknown): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', 'The trusted resolver can not be reached', {
    phase: 'dial',
    retry: 'later',
    hint,
    cause,
  });

const refused = (what: string, rcode: string): ConnectionError =>
  new ConnectionError('ERR_DIAL_FAILED', `The trusted resolver answers ${rcode} about ${what}`, {
    phase: 'dial',
    command: what,
    retry: 'later',
    hint: 'The domain’s DNSSEC may be broken, or its answers forged; try again later.',
  });

const malformed = (expected: string, got: string): RemoteProtocolError =>
  new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `Expected ${expected} from the resolver, got ${got}`,
    {
      phase: 'dial',
      expected,
      got,
      hint,
    },
  );
