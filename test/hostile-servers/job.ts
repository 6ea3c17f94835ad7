/** A session that does a client's whole main job, against a server of its own. */
import { createHash } from 'node:crypto';
import type { Dial, Timeouts } from '@fivewire/line-protocol';
import type {
  IssuedCertificate,
  TestServer,
  TestServerOptions,
  ThrowawayCa,
} from '@fivewire/test-servers';
import { password, user } from '../support/credentials.js';

export type Mode = 'implicit-tls' | 'starttls';
export const modes: readonly Mode[] = ['implicit-tls', 'starttls'];

/** What connect() is given; the signal goes to every call as well. */
export interface Access {
  host: string;
  port: number;
  security: Mode;
  serverHostname: string;
  tls: { ca: string };
  auth: { user: string; password: string };
  timeouts: Partial<Timeouts>;
  signal: AbortSignal;
  /** The network, watched. */
  dial: Dial;
}

export interface Job<S extends TestServer = TestServer> {
  protocol: S['protocol'];
  /** A line that the server may say, for floods. */
  line: string;
  start(options: TestServerOptions): Promise<S>;
  /** Resolves to what it saw, as plain data: two healthy runs give the same. */
  run(access: Access): Promise<unknown>;
}

/** Short enough for many runs, long enough for a busy machine. */
export const patience = 400;

/** Milliseconds. */
export const impatient: Partial<Timeouts> = {
  connect: 2_000,
  greeting: patience,
  tls: 2_000,
  reply: patience,
  stall: patience,
  dataEnd: patience,
  finalReply: patience,
  close: 100,
};

export function accessTo(
  server: TestServer,
  mode: Mode,
  ca: ThrowawayCa,
  rest: Pick<Access, 'timeouts' | 'signal' | 'dial'>,
): Access {
  return {
    host: server.host,
    port: server.ports[mode],
    security: mode,
    serverHostname: 'localhost',
    tls: { ca: ca.certificate },
    auth: { user, password },
    ...rest,
  };
}

export const serverOptions = (certificate: IssuedCertificate): TestServerOptions => ({
  certificate,
  users: { [user]: password },
  modes,
});

/** What a body was, without keeping it. */
export async function digest(body: AsyncIterable<Uint8Array | string>): Promise<string> {
  const hash = createHash('sha256');
  let octets = 0;
  for await (const piece of body) {
    hash.update(piece);
    octets += piece.length;
  }
  return `${octets} ${hash.digest('hex').slice(0, 16)}`;
}

export async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

export const message = (subject: string): string =>
  `From: Alice <alice@example.org>\r\nTo: bob@example.org\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.org>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n.A line with a dot\r\n${'A line of text.\r\n'.repeat(200)}`;
