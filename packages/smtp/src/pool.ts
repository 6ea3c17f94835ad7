/** Several connections to one server, of which each call takes one. */
import {
  type ClientPool,
  checkOptions,
  createPool,
  type FivewireError,
  isFivewireError,
  oneSession,
  type PoolOptions,
  rules,
  type ServerReply,
  sessionScopeOf,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { checkKeys, wrong } from './arguments.js';
import { BodySource } from './body-source.js';
import { type CallChecks, callChecks } from './call-checks.js';
import { openSession, resolveOptions } from './connect.js';
import { deliver } from './deliver.js';
import { limitOf } from './extensions.js';
import { sendRules } from './options.js';
import { isAboutEnvelope } from './outcome.js';
import { Pace, type RateLimit } from './pace.js';
import { sendEach } from './send-many.js';
import type { Session } from './session.js';
import { type Gate, SmtpClient } from './smtp-client.js';
import type { CallOptions, Envelope, SendOptions, SendResult, SmtpOptions } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface SmtpPoolOptions extends Omit<SmtpOptions, 'stream' | 'signal'>, PoolOptions {
  /**
   * How fast `send`, `sendMany` and `sendUrl` send at most, those of a client in `use` too: `{ messages: 10, per: 1000 }`, `{ recipients: 500, per: 3_600_000 }`, or a list of
   * such limits, which hold together. Default: as fast as it goes. Messages wait for it in their order; the wait is none for
   * the server, so that `timeout` does not end it, and `signal` does.
   */
  rate?: RateLimit | readonly RateLimit[];
}

type Way = Ways<SmtpClient>['noop'];

/** One connection for each call, once its arguments can be right. */
const waysOf = (checks: CallChecks): Ways<SmtpClient, 'send' | 'sendMany'> => {
  const checked = (check: (...args: never[]) => void): Way => ({ way: 'call', check });
  return {
    probe: checked(checks.probe),
    verify: checked(checks.verify),
    expand: checked(checks.expand),
    noop: checked(checks.noop),
    reset: oneSession('it takes back what was said on one connection.'),
    etrn: checked(checks.etrn),
    help: checked(checks.help),
    sendUrl: checked(checks.sendUrl),
    xclient: oneSession('it says on whose behalf one connection speaks.'),
    command: checked(checks.command),
  };
};

/**
 * Every pool's methods, and those of `SmtpClient`.
 *
 * `send` goes over a connection that is free; one that turns out to be gone before any of the message was sent is replaced.
 * `sendMany` goes over all connections: `window` messages are under way at once, by default as many as there may be connections.
 * A lost connection costs the messages that were on it, and the iteration goes on.
 */
export type SmtpPool = ClientPool<SmtpClient, 'reset' | 'xclient'>;

/**
 * Connections are made when needed, at most `maxConnections`, kept for `idleTimeout`, and resume each other's TLS
 * sessions.
 *
 * @throws UsageError `ERR_ARGUMENT`, TlsError `ERR_SERVER_HOSTNAME_…`; nothing has been dialled
 */
export function createSmtpPool(options: SmtpPoolOptions): SmtpPool {
  const { own, rest: given } = splitPoolOptions(options?.protocol ?? 'smtp', options);
  const { rate, ...rest } = given;
  const pace = new Pace(rateLimits(rate));
  const resolved = resolveOptions(rest);
  const checks = callChecks(rest);
  const sessions = sessionScopeOf(resolved.transport);
  const sessionOf = new WeakMap<SmtpClient, Session>();
  const pool = createPool(async () => {
    const session = await openSession(resolved, sessions);
    const client = new SmtpClient(session, rate === undefined ? undefined : gate);
    sessionOf.set(client, session);
    return client;
  }, own);
  const { maxConnections = 4, outageTimeout = 10_000 } = own;

  /** Of clients that their caller holds. */
  const gate: Gate = async (envelope, sendOptions, work) => {
    checkOptions(sendOptions, sendRules);
    const recipients = recipientCount(envelope);
    pace.check(recipients);
    await pace.passHeld(recipients, outageTimeout, sendOptions.signal);
    let wish: Parameters<Pace['over']>[0] = 'nothing';
    try {
      const result = await work();
      wish = 'more';
      return result;
    } catch (error) {
      if (isOverloaded(error)) wish = { less: error };
      throw error;
    } finally {
      pace.over(wish);
    }
  };
  const proven = new WeakSet<Session>();
  const carried = new WeakMap<Session, number>();

  /** On one connection. `undefined`: the connection went before any of the message was on it, and `again` lets another be tried. */
  const attempt = async (
    envelope: Envelope,
    source: BodySource,
    sendOptions: SendOptions,
    patience: number,
    again: (fresh: boolean) => boolean,
  ): Promise<SendResult | undefined> => {
    const recipients = recipientCount(envelope);
    pace.check(recipients);
    const { signal } = sendOptions;
    const acquire = (left: number) =>
      pool.acquire({ ...waitOf(sendOptions), timeout: Math.max(1, left) });
    const { client, release } = await pace.pass(recipients, acquire, patience, signal);
    const session = sessionOf.get(client) as Session;
    const transactions = (carried.get(session) ?? 0) + 1;
    carried.set(session, transactions);
    let wish: Parameters<Pace['over']>[0] = 'nothing';
    try {
      const result = await deliver(session, envelope, source, sendOptions, false);
      proven.add(session);
      wish = 'more';
      return result;
    } catch (error) {
      const fresh = !proven.has(session);
      const full = !fresh && hasCarriedEnough(error);
      if (full) await client.quit();
      const untaken = source.taken === 0 || (source.whole !== undefined && isAboutEnvelope(error));
      const gone = untaken && (full || isStale(error));
      if (gone) source.taken = 0;
      if (gone ? fresh : isOverloaded(error)) wish = { less: error };
      else if (isFivewireError(error) && error.connection === 'usable') proven.add(session);
      if (gone && again(fresh)) return undefined;
      throw error;
    } finally {
      // RFC 9422 §4.1: another message over it would be refused.
      if (transactions < limitOf(session.extensions, 'MAILMAX')) release();
      else void client[Symbol.asyncDispose]().finally(release);
      pace.over(wish);
    }
  };
  const send: SmtpPool['send'] = async (envelope, body, sendOptions = {}) => {
    const source = new BodySource(body);
    source.begin();
    try {
      checks.send(envelope, source, sendOptions);
      const { timeout = Infinity } = sendOptions;
      const patience = Math.min(timeout === 0 ? Infinity : timeout, outageTimeout);
      let since: number | undefined;
      let attempts = 0;
      /** A connection that has carried messages may end at any time; a fresh one that ends is an outage. */
      const again = (fresh: boolean): boolean => {
        if (!fresh) return ++attempts < mostAttempts;
        since ??= pace.now;
        return pace.now - since < patience;
      };
      for (;;) {
        const result = await attempt(envelope, source, sendOptions, patience, again);
        if (result !== undefined) return result;
      }
    } finally {
      source.abandon();
    }
  };
  const sendMany: SmtpPool['sendMany'] = (messages, options = {}) =>
    sendEach(messages, { window: maxConnections, ...options }, (message, each, settle) => {
      send(message.envelope, message.body, each).then(
        (result) => settle.sent(result),
        (error) => settle.failed(error),
      );
    });
  const closeConnections = pool.close;
  const close = (): Promise<void> => {
    pace.close();
    return closeConnections();
  };
  const methods = { send, sendMany, close, [Symbol.asyncDispose]: close };
  return withClientMethods(Object.assign(pool, methods), waysOf(checks));
}

/** Of an envelope that is yet to be checked. */
const recipientCount = (envelope: Envelope): number =>
  Array.isArray(envelope?.to) ? envelope.to.length : 1;

/** @throws UsageError `ERR_ARGUMENT` */
function rateLimits(rate: SmtpPoolOptions['rate']): readonly RateLimit[] {
  if (rate === undefined) return [];
  const list = Array.isArray(rate) ? (rate as readonly RateLimit[]) : [rate as RateLimit];
  for (const one of list) {
    checkKeys(one, ['messages', 'recipients', 'per'], 'rate');
    const { messages, recipients, per } = one;
    for (const [name, value] of Object.entries({ messages, recipients }))
      if (value !== undefined && !rules.positive[0](value))
        throw wrong(`rate.${name}`, `must be ${rules.positive[1]}`);
    if (typeof per !== 'number' || !(per > 0 && per < Infinity))
      throw wrong('rate.per', 'must be a number of milliseconds above 0');
    if (messages === undefined && recipients === undefined)
      throw wrong('rate', 'limits nothing', 'Such as { messages: 10, per: 1000 }.');
  }
  return list;
}

/** Of one message, each on another connection that ended before any of the message was on it. */
const mostAttempts = 5;

/** It says "not now" of itself, not of this sender or recipient: its system, its network, its limits (RFC 3463 §3). */
const isOverloaded = (error: unknown): boolean => {
  if (!isFivewireError(error)) return false;
  const {
    code,
    reply,
    recipients = [],
    command = '',
  } = error as FivewireError & {
    reply?: ServerReply;
    recipients?: readonly { reply: ServerReply }[];
  };
  const replies =
    code === 'ERR_RECIPIENTS_REJECTED' ? recipients.map((one) => one.reply) : reply ? [reply] : [];
  return (
    replies.length > 0 &&
    replies.every((one) =>
      one.enhanced === undefined
        ? command.startsWith('MAIL') && [451, 452].includes(Number(one.code))
        : /^4\.(?:3\.[0-2]|4\.5|7\.28)$/.test(one.enhanced),
    )
  );
};

/** The connection had idled too long, or carried as many messages as the server takes over one: another will do. */
const isStale = (error: unknown): boolean =>
  isFivewireError(error) &&
  (error.code === 'ERR_CONNECTION_CLOSED' || error.code === 'ERR_SERVER_CLOSING');

/**
 * OpenSMTPD takes a hundred messages in a session, answers the MAIL of each that follows `452 4.5.3 Too many messages sent`, and leaves the connection
 * open: too many recipients (RFC 3463 §3.6), before any is named, are those of the session.
 */
const hasCarriedEnough = (error: unknown): boolean =>
  isAboutEnvelope(error) &&
  error.command?.startsWith('MAIL') === true &&
  (error as { reply?: ServerReply }).reply?.enhanced === '4.5.3';

const waitOf = ({ signal, timeout }: SendOptions): CallOptions => ({
  ...(signal === undefined ? {} : { signal }),
  ...(timeout === undefined ? {} : { timeout }),
});
