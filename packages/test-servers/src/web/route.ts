/** A path and who answers for it. */
import type { TestServers } from '../start-test-servers.js';
import type { Reply } from './reply.js';

export interface Asked {
  readonly servers: TestServers;
  readonly query: URLSearchParams;
  /** Of a POST: its JSON. */
  readonly body: unknown;
  /** The client has gone. */
  readonly signal: AbortSignal;
}

export type Route = readonly ['GET' | 'POST', string, (asked: Asked) => Promise<Reply>];
