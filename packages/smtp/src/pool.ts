/** Several connections to one server, of which each call takes one. */
import {
  type BodyInput,
  checkOptions,
  createPool,
  isFivewireError,
  type Pool,
  type PoolOptions,
  sessionScopeOf,
  splitPoolOptions,
} from '@fivewire/line-protocol';
import { BodySource } from './body-source.js';
import { openSession, resolveOptions } from './connect.js';
import { deliver } from './deliver.js';
import { sendRules } from './options.js';
import type { Session } from './session.js';
import { SmtpClient } from './smtp-client.js';
import type { Envelope, SendOptions, SendResult, SmtpOptions } from './types.js';

/** `stream` and `signal` belong to one connection: a pool takes neither. */
export interface SmtpPoolOptions extends Omit<SmtpOptions, 'stream' | 'signal'>, PoolOptions {}

export interface SmtpPool extends Pool<SmtpClient> {
  /**
   * {@link SmtpClient.send} over a connection that is free. A connection that turns out to be gone before any of the
   * message was sent is replaced, once.
   */
  send(envelope: Envelope, body: BodyInput, options?: SendOptions): Promise<SendResult>;
}

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
  return Object.assign(pool, {
    async send(envelope: Envelope, body: BodyInput, sendOptions: SendOptions = {}) {
      checkOptions(sendOptions, sendRules);
      const source = new BodySource(body);
      const attempt = (last: boolean): Promise<SendResult | undefined> =>
        pool.use(async (client) => {
          const session = sessionOf.get(client) as Session;
          try {
            return await deliver(session, envelope, source, sendOptions, false);
          } catch (error) {
            if (!last && source.taken === 0 && isStale(error)) return undefined;
            throw error;
          }
        }, signalOf(sendOptions));
      source.begin();
      try {
        return ((await attempt(false)) ?? (await attempt(true))) as SendResult;
      } finally {
        source.abandon();
      }
    },
  });
}

/** The connection had idled too long, or carried as many messages as the server takes over one: another will do. */
const isStale = (error: unknown): boolean =>
  isFivewireError(error) &&
  (error.code === 'ERR_CONNECTION_CLOSED' || error.code === 'ERR_SERVER_CLOSING');

const signalOf = ({ signal }: SendOptions): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };
