/** A connection to Redis or Valkey through the one door to TLS: ioredis gets a stream that is verified already. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { dial } from '@fivewire/line-protocol';
import { AbstractConnector, Redis } from 'ioredis';
import {
  AuthenticationError,
  createTlsContext,
  parseServerHostname,
  secure,
  type TlsContext,
  UsageError,
} from 'tls-context-core';
import type { QueueOptions } from './types.js';

export interface QueuePlace {
  host: string;
  port: number;
  database: number;
  isSecure: boolean;
}

// redis-URI = ("redis" / "rediss") "://" [user "@"] host [":" port] ["/" db-number]
/** @throws UsageError ERR_ARGUMENT */
export function parseQueueUrl(url: string): QueuePlace & { user: string | undefined } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw wrong('It is no URL');
  }
  const { protocol, hostname, port, username, password, pathname } = parsed;
  if (protocol !== 'redis:' && protocol !== 'rediss:')
    throw wrong('It begins with redis:// or rediss://');
  if (password !== '') throw wrong('It holds a password, which others can see');
  const [, database] = /^\/?(\d{0,5})$/.exec(pathname) ?? [];
  if (hostname === '' || database === undefined) throw wrong('It is no redis://host:port/number');
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6_379 : Number(port),
    database: Number(database),
    isSecure: protocol === 'rediss:',
    user: username === '' ? undefined : decodeURIComponent(username),
  };
}

const wrong = (message: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `The queue's URL: ${message}`, {
    argument: 'url',
    hint: 'Write redis://host:6379/0, or rediss:// for TLS; user and password are options.',
  });

const connectWithin = 10_000;
const disconnectWithin = 2_000;

/** A connection that fails is tried again until it is there, or closed. @throws UsageError */
export function connectQueue(options: QueueOptions): Redis {
  const { database, user } = parseQueueUrl(options.url);
  const name = options.user ?? user;
  const open = opener(options);

  class VerifiedConnector extends AbstractConnector {
    constructor() {
      super(disconnectWithin);
    }

    /** ioredis tries again after a stream that has ended, and gives up after a connection that could not be made. */
    async connect(): Promise<never> {
      this.connecting = true;
      const stream = await open().catch((error: Error) => {
        this.firstError = error;
        return new Socket().destroy();
      });
      this.stream = stream as never;
      return stream as never;
    }
  }

  return new Redis({
    db: database,
    maxRetriesPerRequest: null, // BullMQ waits for a queue that is away
    noDelay: false, // what `dial` gives is set up already
    keepAlive: 0,
    Connector: VerifiedConnector as never,
    ...(name === undefined ? {} : { username: name }),
    ...(options.password === undefined ? {} : { password: options.password }),
  });
}

/** Dials, and secures where the URL says so. @throws UsageError at once */
function opener(options: QueueOptions): () => Promise<Duplex> {
  const { host, port, isSecure } = parseQueueUrl(options.url);
  const { serverHostname = host, proxy, tls = {} } = options;
  const context = isSecure ? createTlsContext(tls) : undefined;
  if (isSecure) parseServerHostname(serverHostname);
  return async () => {
    const stream = await dial(
      { host, port, purpose: 'control' },
      { timeout: connectWithin, ...(proxy === undefined ? {} : { proxy }) },
    );
    return context === undefined
      ? stream
      : secured(stream, context, { host, port, serverHostname });
  };
}

/**
 * Whether the queue is there, is who it must be, and lets us in.
 *
 * @throws ConnectionError, TlsError, AuthenticationError
 */
export async function checkQueue(options: QueueOptions): Promise<void> {
  (await opener(options)()).on('error', () => {}).destroy();
  const redis = connectQueue(options);
  redis.on('error', () => {});
  try {
    await redis.ping();
  } catch (error) {
    const { message } = error as Error;
    const { host } = parseQueueUrl(options.url);
    throw new AuthenticationError('ERR_AUTHENTICATION_FAILED', `The queue refused us: ${message}`, {
      host,
      phase: 'auth',
      hint: 'Name a user in its URL, and where the password is; on its side look at ACL LIST.',
    });
  } finally {
    redis.disconnect();
  }
}

async function secured(
  stream: Duplex,
  context: TlsContext,
  { host, port, serverHostname }: { host: string; port: number; serverHostname: string },
): Promise<Duplex> {
  try {
    const peer = { context, serverHostname, host, port, protocol: 'redis' } as const;
    return await secure(stream, { ...peer, timeout: connectWithin });
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
