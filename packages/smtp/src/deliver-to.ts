/** A message to the servers of a domain, as mail servers deliver it: RFC 5321 §5.1. */
import {
  type BodyInput,
  type FivewireError,
  isFivewireError,
  parseServerHostname,
  UsageError,
} from '@fivewire/line-protocol';
import { parseAddress } from './address.js';
import { checkKeys, wrong } from './arguments.js';
import { BodySource } from './body-source.js';
import { callChecks } from './call-checks.js';
import { openSession, resolveOptions } from './connect.js';
import { deliver } from './deliver.js';
import {
  type DeliveryOptions,
  type DeliveryTarget,
  deliveryTargets,
} from './delivery/delivery-targets.js';
import { isAboutEnvelope } from './outcome.js';
import { createQuit } from './quit.js';
import type { Envelope, SendOptions, SendResult, SmtpOptions } from './types.js';

export interface DeliverToOptions extends DeliveryOptions, Pick<SendOptions, 'onRefused'> {
  /** How to connect: `clientName`, `tls`, `timeouts`, `dial` and so on. Whom to, and who that must be, the domain says. */
  connect?: Omit<
    SmtpOptions,
    | 'host'
    | 'port'
    | 'security'
    | 'serverHostname'
    | 'tlsa'
    | 'stream'
    | 'socketPath'
    | 'protocol'
    | 'signal'
  >;
}

export interface DeliverToResult extends SendResult {
  /** The exchanger that took the message. */
  target: DeliveryTarget;
  /** Exchangers that were tried before it, or could not be, and why. */
  problems: { host: string; error: FivewireError }[];
}

const ownKeys = [
  'connect',
  'onRefused',
  'mtaSts',
  'dane',
  'resolveMx',
  'port',
  'signal',
  'timeout',
];
const notHere = [
  'host', 'port', 'security', 'serverHostname', 'tlsa', 'stream', 'socketPath', 'protocol', 'signal',
]; // biome-ignore format: one list

/**
 * Finds the mail exchangers of a domain and gives the message to the first that takes a session, in the order of their preference;
 * each over TLS that proves its name, see {@link deliveryTargets}.
 *
 * The next exchanger is tried while nothing of the message has been sent: after a failed dial, greeting or TLS, after a sender
 * that was refused for now (4yz), and where all recipients were. A recipient who is refused is in `refused`, with the reply.
 *
 * @param envelope its recipients must be at the domain
 * @throws all that `deliveryTargets`, `SmtpClient.connect` and `send` throw, of the last exchanger that was tried; where that one will
 * never do and did not refuse the message itself, of one that may do later. `ERR_OUTCOME_UNKNOWN`: no other exchanger was tried, since the message may have been taken.
 */
export async function deliverTo(
  domain: string,
  envelope: Envelope,
  body: BodyInput,
  options: DeliverToOptions = {},
): Promise<DeliverToResult> {
  const source = new BodySource(body);
  source.begin();
  try {
    return await toExchangers(domain, envelope, source, options);
  } finally {
    source.abandon();
  }
}

async function toExchangers(
  domain: string,
  envelope: Envelope,
  source: BodySource,
  options: DeliverToOptions,
): Promise<DeliverToResult> {
  checkKeys(options, ownKeys, 'options');
  const { connect = {}, onRefused, ...delivery } = options;
  checkKeys(connect, Object.keys(connect), 'options.connect');
  const taken = notHere.find((key) => key in connect);
  if (taken !== undefined)
    throw wrong(`options.connect.${taken}`, 'is said by the domain', 'Leave it out.');
  checkRecipients(domain, envelope);
  const sendOptions = onRefused === undefined ? {} : { onRefused };
  callChecks({ security: 'starttls' }).send(envelope, source, sendOptions);
  resolveOptions({ ...connect, host: domain, security: 'starttls' });
  const { targets, problems } = await deliveryTargets(domain, delivery);
  for (const [i, target] of targets.entries()) {
    try {
      const result = await sendTo(target, envelope, source, options);
      return { ...result, target, problems };
    } catch (error) {
      const last = i === targets.length - 1;
      const untaken = source.taken === 0 || (source.whole !== undefined && isAboutEnvelope(error));
      if (!untaken || !mayTryNext(error)) throw error;
      source.taken = 0;
      if (last) throw hopeful(error as FivewireError, problems);
      problems.push({ host: target.connect.host, error: error as FivewireError });
    }
  }
  throw new UsageError('ERR_STATE', 'there is no exchanger to try'); // deliveryTargets gives at least one
}

async function sendTo(
  { connect: whom }: DeliveryTarget,
  envelope: Envelope,
  source: BodySource,
  { connect, onRefused, signal, timeout }: DeliverToOptions,
): Promise<SendResult> {
  const own = signal === undefined ? {} : { signal };
  const session = await openSession(resolveOptions({ ...connect, ...whom, ...own }));
  try {
    return await deliver(
      session,
      envelope,
      source,
      {
        ...own,
        ...(timeout === undefined ? {} : { timeout }),
        ...(onRefused === undefined ? {} : { onRefused }),
      },
      false,
    );
  } finally {
    await createQuit(session)({}).catch(() => session.connection.close());
  }
}

/** What another exchanger may answer otherwise: no session, or "not now". */
function mayTryNext(error: unknown): boolean {
  if (!isFivewireError(error)) return false;
  if (
    error.code === 'ERR_ABORTED' ||
    error.code === 'ERR_ARGUMENT' ||
    error.code === 'ERR_LOCAL_IO'
  )
    return false;
  if (error.code === 'ERR_OUTCOME_UNKNOWN') return false;
  // Who takes no session from us (554, 521) has not seen the message: RFC 7504 §4 says no more of another host.
  if (error.phase === 'greeting' || error.phase === 'capabilities') return true;
  const refused = error.code === 'ERR_COMMAND_REJECTED' || error.code === 'ERR_RECIPIENTS_REJECTED';
  return refused ? error.retry === 'later' : true;
}

/** A backup whose certificate is wrong must not make a message undeliverable whose first exchanger is down for an hour. */
function hopeful(last: FivewireError, before: DeliverToResult['problems']): FivewireError {
  if (last.retry !== 'never') return last;
  return before.find(({ error }) => error.retry !== 'never')?.error ?? last;
}

function checkRecipients(domain: string, envelope: Envelope): void {
  const { name } = parseServerHostname(domain); // as deliveryTargets reads it: a dot may end it
  const { to } = envelope ?? {};
  for (const [i, one] of (Array.isArray(to) ? to : [to]).entries()) {
    const address = typeof one === 'object' && one !== null ? one.address : one;
    const { text } = parseAddress(address, `envelope.to[${i}]`);
    if (!text.toLowerCase().endsWith(`@${name}`))
      throw wrong(`envelope.to[${i}]`, `is not at ${name}`, 'Deliver to each domain by itself.');
  }
}
