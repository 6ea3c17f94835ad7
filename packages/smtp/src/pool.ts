/** Several connections to one server, of which each call takes one. */
import {
  type ClientPool,
  checkOptions,
  createPool,
  isFivewireError,
  onePerCall,
  oneSession,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
  type Ways,
  withClientMethods,
} from '@fivewire/line-protocol';
import { BodySource } from './body-source.js';
import { openSession, resolveOptions } from './connect.js';
import { deliver } from './deliver.js';
import { sendRules } from './options.js';
import { sendEach } from './send-many.js';
import type { Session } from './session.js';
import { SmtpClient } from './smtp-client.js';
import type { CallOptions, SendOptions, SendResult, SmtpOptions } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface SmtpPoolOptions extends Omit<SmtpOptions, 'stream' | 'signal'>, PoolOptions {}

const ways: Ways<SmtpClient, 'send' | 'sendMany'> = {
  probe: onePerCall,
  verify: onePerCall,
  expand: onePerCall,
  noop: onePerCall,
  reset: oneSession('it takes back what was said on one connection.'),
  etrn: onePerCall,
  help: onePerCall,
  sendUrl: onePerCall,
  xclient: oneSession('it says on whose behalf one connection speaks.'),
  command: onePerCall,
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
  const { own, rest } = splitPoolOptions(options?.protocol ?? 'smtp', options);
  const resolved = resolveOptions(rest);
  const sessions = sessionScopeOf(resolved.transport);
  const sessionOf = new WeakMap<SmtpClient, Session>();
  const pool = createPool(async () => {
    const session = await openSession(resolved, sessions);
    const client = new SmtpClient(session);
    sessionOf.set(client, session);
    return client;
  }, own);
  const { maxConnections = 4 } = own;
  const send: SmtpPool['send'] = async (envelope, body, sendOptions = {}) => {
    checkOptions(sendOptions, sendRules);
    const source = new BodySource(body);
    const attempt = (isLast: boolean): Promise<SendResult | undefined> =>
      pool.use(async (client) => {
        const session = sessionOf.get(client) as Session;
        try {
          return await deliver(session, envelope, source, sendOptions, false);
        } catch (error) {
          if (!isLast && source.taken === 0 && isStale(error)) return undefined;
          throw error;
        }
      }, waitOf(sendOptions));
    source.begin();
    try {
      for (let attempts = 1; ; attempts++) {
        const result = await attempt(attempts === mostAttempts);
        if (result !== undefined) return result;
      }
    } finally {
      source.abandon();
    }
  };
  const sendMany: SmtpPool['sendMany'] = (messages, options = {}) =>
    sendEach(messages, { window: maxConnections, ...options }, (message, each, settle) => {
      send(message.envelope, message.body, each).then(settle.sent, settle.failed);
    });
  return withClientMethods(Object.assign(pool, { send, sendMany }), ways);
}

/** Of one message, each on another connection that ended before any of the message was on it. */
const mostAttempts = 5;

/** The connection had idled too long, or carried as many messages as the server takes over one: another will do. */
const isStale = (error: unknown): boolean =>
  isFivewireError(error) &&
  (error.code === 'ERR_CONNECTION_CLOSED' || error.code === 'ERR_SERVER_CLOSING');

const waitOf = ({ signal, timeout }: SendOptions): CallOptions => ({
  ...(signal === undefined ? {} : { signal }),
  ...(timeout === undefined ? {} : { timeout }),
});
