/**
 * Sessions belong to an identity: what a store holds, and whose sessions FTP's data connections offer.
 * Which identity may use which session is in tls-context-core's own tests and in the hostname matrix.
 */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { FtpClient } from '@fivewire/ftp';
import {
  createThrowawayCa,
  FileTree,
  startFtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { createSessionScope, createTlsContext, parseServerHostname } from 'tls-context-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Proof } from '../../packages/tls-context-core/src/judge.js';
import { keepSession, takeSession } from '../../packages/tls-context-core/src/session-store.js';
import { password, user } from '../support/credentials.js';

const name = 'ftp.example.test';
const identity = {
  context: createTlsContext(),
  serverHostname: name,
  protocol: 'ftp',
  port: 21,
} as const;

describe('a scope is bounded', () => {
  const proof: Proof = {
    leaf: undefined,
    chain: [],
    fingerprint256: '',
    matchedName: name,
    validUntil: Number.POSITIVE_INFINITY,
  };
  const offered = (scope: ReturnType<typeof createSessionScope>) =>
    takeSession(scope, identity, parseServerHostname(name), {})?.session;

  it('however many sessions come, it holds the newest and no other', () => {
    const scope = createSessionScope(identity);
    for (let i = 0; i < 1000; i++) keepSession(scope, Buffer.from(`session ${i}`), proof);
    expect(offered(scope)?.toString()).toBe('session 999');
    scope.clear();
    expect(offered(scope)).toBeUndefined();
  });

  it('a session longer than any ticket is not kept', () => {
    const scope = createSessionScope(identity);
    keepSession(scope, Buffer.alloc(1 << 17, 'a'), proof);
    expect(offered(scope)).toHaveLength(1 << 17);
    keepSession(scope, Buffer.alloc((1 << 17) + 1, 'b'), proof);
    expect(offered(scope)?.[0]).toBe('a'.charCodeAt(0));
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('FTP over %s', (version) => {
  let ca: ThrowawayCa;
  const cleanups: (() => unknown)[] = [];
  beforeAll(async () => {
    ca = await createThrowawayCa();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const clean of cleanups.splice(0).reverse()) await clean();
  });

  const file = { path: '/report.txt', content: 'octets' };
  const discard = () => new Writable({ write: (_chunk, _encoding, done) => done() });

  async function serve() {
    const server = await startFtpServer({
      users: { [user]: password },
      certificate: await ca.issue({ names: [name] }),
      files: new FileTree({ [file.path]: file.content }),
      requireSessionReuse: true,
    });
    cleanups.push(() => server.close());
    return server;
  }

  /** Clients at one server, and in order what each of them got and offered. */
  async function clients(count: number) {
    const server = await serve();
    const events = watchSessions();
    const all = await Promise.all(
      Array.from({ length: count }, async (_, client) => {
        const ftp = await FtpClient.connect({
          host: server.host,
          port: server.ports['implicit-tls'],
          serverHostname: name,
          tls: { ca: ca.certificate, maxVersion: version },
          auth: { user, password },
          dial: async ({ host, port }) => {
            const socket = connect(port, host);
            await once(socket, 'connect');
            events.own(socket, client);
            return socket;
          },
        });
        cleanups.push(() => ftp.close());
        return ftp;
      }),
    );
    return { server, all, events };
  }

  it('many data connections at once each resume what their own control connection brought, the newest of it', async () => {
    const { server, all, events } = await clients(4);
    const rounds = 5;
    await Promise.all(
      all.map(async (ftp) => {
        for (let i = 0; i < rounds; i++) {
          expect(await ftp.download(file.path, discard())).toMatchObject({ proof: 'size' });
        }
      }),
    );
    expect(server.dataConnections.length).toBe(all.length * rounds);
    for (const { tls } of server.dataConnections) expect(tls?.resumed).toBe(true);
    for (const client of all.keys()) {
      const own = events.of(client);
      const offers = own.filter(({ kind }) => kind === 'offered');
      expect(offers.length).toBe(rounds);
      for (const offer of offers) {
        const newest = own.slice(0, own.indexOf(offer)).findLast(({ kind }) => kind === 'got');
        // Since Node 22 a session comes wrapped with its name; what is offered is what is inside.
        expect(newest?.session.includes(offer.session)).toBe(true);
      }
    }
  });

  it('a client that comes again begins anew', async () => {
    const { server, events } = await clients(1);
    const again = await FtpClient.connect({
      host: server.host,
      port: server.ports['implicit-tls'],
      serverHostname: name,
      tls: { ca: ca.certificate, maxVersion: version },
      auth: { user, password },
    });
    expect(again.security.resumed).toBe(false);
    expect(events.all.filter(({ kind }) => kind === 'offered')).toEqual([]);
    await again.quit();
  });
});

interface SessionEvent {
  kind: 'got' | 'offered';
  client: number | undefined;
  session: Buffer;
}

/** What passes between Node's TLS and us, by the client whose socket it is. */
function watchSessions() {
  const owners = new Map<number, number>();
  const all: SessionEvent[] = [];
  const note = (kind: SessionEvent['kind'], socket: TLSSocket, session: Buffer) =>
    all.push({ kind, client: owners.get(socket.localPort ?? 0), session });
  vi.spyOn(TLSSocket.prototype, 'emit').mockImplementation(function (
    this: TLSSocket,
    ...args: unknown[]
  ) {
    if (args[0] === 'session') note('got', this, args[1] as Buffer);
    return EventEmitter.prototype.emit.apply(this, args as [string]);
  });
  // Documented, but absent from @types/node 20.
  const prototype = TLSSocket.prototype as TLSSocket & { setSession(session: Buffer): void };
  const { setSession } = prototype;
  vi.spyOn(prototype, 'setSession').mockImplementation(function (this: TLSSocket, session: Buffer) {
    note('offered', this, session);
    setSession.call(this, session);
  });
  return {
    all,
    own: (socket: Socket, client: number) => owners.set(socket.localPort ?? 0, client),
    of: (client: number) => all.filter((event) => event.client === client),
  };
}
