/** What the contract needs to know of one client. */
import type {
  CallOptions,
  Closed,
  Notice,
  Pool,
  PoolOptions,
  SecurityInfo,
  TransportOptions,
} from '@fivewire/line-protocol';
import type { ProtocolName } from 'tls-context-core';
import type { Speaker } from './peer.js';

/** The face of every client, DESIGN section 3. */
export interface Client {
  readonly capabilities: unknown;
  readonly security: SecurityInfo;
  readonly closed: Promise<Closed>;
  readonly notices: AsyncIterable<Notice>;
  command(verb: string, args?: readonly string[], options?: CallOptions): Promise<unknown>;
  quit(options?: CallOptions): Promise<unknown>;
  close(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export type Options = Partial<TransportOptions> & { auth?: object; mechanisms?: readonly string[] };

export interface ClientClass {
  connect(options: never): Promise<unknown>;
  connect(url: string | URL, options?: never): Promise<unknown>;
}

export interface Subject<C extends Client = Client> {
  protocol: ProtocolName;
  /** Everything that the package exports. */
  module: Readonly<Record<string, unknown>>;
  Client: ClientClass & { prototype: object };
  createPool(options: Options & PoolOptions): Pool<C>;
  speaker: Speaker;
  /** URL scheme and its port, implicit TLS first. */
  schemes: readonly [readonly [string, number], readonly [string, number]];
  /** A verb that `command()` takes, and its refusal by the server. */
  verb: string;
  refusal: string;
  /** Asks what the server can, and the session goes on without an answer. */
  question?: string;
  /** The server leaves, unasked. */
  leaving: string;
  /** The greeting of a server that takes no more connections, after which it closes. */
  crowded: string;
  /** The greeting of a server that takes no connection from here, now or later. */
  unwelcome: string;
  quitVerb: string;
  credentialVerb: string;
  /** Every method that talks, called with valid arguments. Its first line to the server is not answered. */
  methods: Readonly<Record<string, (client: C, options: CallOptions) => unknown>>;
  /** Members that don't talk, or that have rows of their own. */
  others: readonly string[];
  /** Further calls, with objects of options at every depth that there is. */
  forms?: Readonly<Record<string, (client: C) => unknown>>;
  /** Objects among the arguments whose keys are the caller's own, and states that may be of a later version: as `setQuota[1]`. */
  maps?: readonly string[];
  /** What the client lends that talks too: IMAP's mailbox. */
  lent?: Lent<C>;
  nestedConnect?: Readonly<Record<string, object>>;
}

/** An object on a client's connection, with methods of its own. */
export interface Lent<C extends Client, L = never> {
  name: string;
  open(client: C): Promise<L>;
  methods: Readonly<Record<string, (lent: L, options: CallOptions) => unknown>>;
  others: readonly string[];
  forms?: Readonly<Record<string, (lent: L) => unknown>>;
}

/** The methods of a class and of those that it extends, `Symbol.asyncDispose` left out. */
export function methodNames(prototype: object): string[] {
  const names = new Set<string>();
  for (let at = prototype; at !== Object.prototype; at = Reflect.getPrototypeOf(at) as object) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const { value } = Object.getOwnPropertyDescriptor(at, name) as PropertyDescriptor;
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}
