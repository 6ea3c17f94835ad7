/** One connection that has been greeted: what every call on it needs. */
import {
  createNotices,
  type LineConnection,
  type Notices,
  ReplyQueue,
  type Transport,
} from '@fivewire/line-protocol';
import { Interruption } from './interruption.js';
import type { Progress } from './transaction-states.js';
import type { CallOptions, Extensions } from './types.js';

export interface Session {
  readonly connection: LineConnection;
  readonly transport: Transport;
  readonly queue: ReplyQueue;
  readonly notices: Notices;
  /** Those of the last EHLO. */
  extensions: Extensions;
  /** Says EHLO again. */
  readonly hello: () => Promise<Extensions>;
  /** Wakes a message that waits for its body or for room in the socket when the server speaks or goes. */
  readonly interruption: Interruption;
  readonly lmtp: boolean;
  readonly pipelining: boolean;
  /** BDAT is wanted and offered. */
  readonly chunking: boolean;
  /** How far the message has come that was written last. */
  before: Progress | undefined;
}

export function createSession(
  connection: LineConnection,
  transport: Transport,
  extensions: Extensions,
  chunking: boolean,
  hello: () => Promise<Extensions>,
): Session {
  const notices = createNotices();
  const queue = new ReplyQueue(connection, {
    style: 'smtp',
    unsolicited(reply) {
      if (reply.code !== 421 && reply.code !== 221) return undefined;
      notices.push({ kind: String(reply.code), text: reply.text });
      return 'closing';
    },
  });
  const interruption = new Interruption();
  const readStray = connection.onUnawaited;
  connection.onUnawaited = () => {
    interruption.fire();
    readStray?.();
  };
  void connection.closed.then(() => {
    interruption.fire();
    notices.end();
  });
  return {
    connection,
    transport,
    queue,
    notices,
    extensions,
    hello,
    interruption,
    lmtp: transport.protocol === 'lmtp',
    get pipelining() {
      return this.extensions.has('PIPELINING');
    },
    get chunking() {
      return chunking && this.extensions.has('CHUNKING');
    },
    before: undefined,
  };
}

type WaitName = 'reply' | 'stall' | 'dataEnd' | 'close';

/** How long this call waits at most: what the caller said, or the connection's own. */
export const patience = (
  { transport }: Session,
  name: WaitName,
  { timeout }: CallOptions = {},
): number => timeout ?? transport.timeouts[name];
