/** What differs between the clients under attack. */
import type { Closed, Notice, SecurityInfo, TransportOptions } from '@fivewire/line-protocol';
import type { TestProtocol, TestServer, TestServerOptions } from '@fivewire/test-servers';
import { isFivewireError } from 'tls-context-core';

export interface Client {
  readonly security: SecurityInfo;
  readonly notices: AsyncIterable<Notice>;
  readonly closed: Promise<Closed>;
  command(verb: string): Promise<unknown>;
  quit(): Promise<unknown>;
  close(): void;
}

export type ConnectOptions = TransportOptions & {
  auth: { user: string; password: string };
  mechanisms?: string[];
};

/** All that a user can see of a session, by what was asked for: plain values, or the code of the error. */
export type Picture = Readonly<Record<string, unknown>>;

export interface Target<C extends Client = Client> {
  /** LMTP counts as a protocol of its own here. */
  name: TestProtocol | 'lmtp';
  /** All that may ever be said in clear under `security: 'starttls'`. */
  inClear: RegExp;
  /** The command that asks for TLS: the last line in clear. */
  startTls: RegExp;
  /** A server with something to see in it. */
  start(options: TestServerOptions): Promise<TestServer>;
  connect(options: ConnectOptions): Promise<C>;
  /** What of the picture must have worked, where nobody attacks. */
  mainWork: readonly string[];
  /** The same on a stream of the caller's, where that allows for less. */
  mainWorkOnStream?: readonly string[];
  /** Commands that would begin TLS anew, end it or log in by hand: the escape hatch must not send them. */
  forbidden: readonly string[];
  /** Does the main work of the protocol, and looks at everything. */
  look(client: C): Promise<Picture>;
}

/** Looks, says goodbye, and adds what all clients have: notices, and how it ended. */
export async function lookAndLeave<C extends Client>(
  target: Target<C>,
  client: C,
): Promise<Picture> {
  const notices: Notice[] = [];
  const listening = (async () => {
    for await (const notice of client.notices) notices.push(notice);
  })();
  const picture = await target.look(client);
  const sentByHand: Record<string, unknown> = {};
  for (const verb of target.forbidden) sentByHand[verb] = await seen(() => client.command(verb));
  await client.quit();
  await listening;
  const { error, reason } = await client.closed;
  return { ...picture, sentByHand, notices, closed: error?.code ?? reason };
}

/** What a call gives, as a plain value, or its error's code. */
export async function seen(work: () => unknown): Promise<unknown> {
  try {
    return plain(await work());
  } catch (error) {
    if (isFivewireError(error)) return error.code;
    throw error;
  }
}

/** Maps, sets and octets as JSON can show them. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_key, part: unknown) => {
      if (part instanceof Map) return Object.fromEntries(part);
      if (part instanceof Set) return [...part];
      return part;
    }),
  );
}

export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}
