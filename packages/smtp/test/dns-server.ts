/** A DNS server for tests, on loopback, over UDP and TCP: what it says of a name and type is a table. RFC 1035. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Answer, decode, encode, type Packet } from 'dns-packet';

export interface Zone {
  /** `'MX example.org'` → the records' data, or an rcode other than NOERROR. */
  [question: string]: readonly unknown[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED';
}

export interface DnsServerOptions {
  zone: Zone;
  /** Names, or types and names as in the zone, whose answers lack the AD bit. */
  unsigned?: readonly string[];
  /** Says TC over UDP. */
  truncate?: boolean;
  /** In place of what would be said over UDP, given the honest answer. */
  udp?: (honest: Packet, query: Buffer) => readonly Uint8Array[];
  /** The same over TCP. */
  tcp?: (honest: Packet) => Uint8Array;
}

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** The questions that came, as `'udp MX example.org'`. */
  readonly asked: string[];
  /** The queries that came, whole. */
  readonly queries: Packet[];
  close(): Promise<void>;
}

const rcodes: Record<string, number> = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const bits = { response: 1 << 15, tc: 1 << 9, rd: 1 << 8, ra: 1 << 7, ad: 1 << 5 };

export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const asked: string[] = [];
  const queries: Packet[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.once('data', (octets) => {
      const honest = answer(octets.subarray(2), 'tcp');
      const reply = options.tcp?.(honest) ?? encode(honest);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.end(Buffer.concat([length, reply]));
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const udp = createSocket('udp4');
  udp.on('message', (query: Buffer, peer: RemoteInfo) => {
    const honest = answer(query, 'udp');
    const replies = options.udp?.(honest, query) ?? [encode(honest)];
    for (const reply of replies) udp.send(reply, peer.port, peer.address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');

  function answer(query: Uint8Array, way: 'udp' | 'tcp'): Packet {
    const packet = decode(query);
    const [question] = packet.questions ?? [];
    const { name = '', type = '' } = question ?? {};
    asked.push(`${way} ${type} ${name}`);
    queries.push(packet);
    const known = options.zone[`${type} ${name}`];
    const rcode = typeof known === 'string' ? known : 'NOERROR';
    const cut = way === 'udp' && options.truncate === true;
    const data = typeof known === 'string' || known === undefined || cut ? [] : known;
    const { unsigned = [] } = options;
    const signed = !unsigned.includes(name) && !unsigned.includes(`${type} ${name}`);
    return {
      type: 'response',
      id: packet.id ?? 0,
      flags:
        bits.rd | bits.ra | (rcodes[rcode] ?? 0) | (signed ? bits.ad : 0) | (cut ? bits.tc : 0),
      questions: packet.questions ?? [],
      answers: data.map((one): Answer => ({ name, type, ttl: 60, ...asAnswer(one) })),
    };
  }

  return {
    address: `127.0.0.1:${port}`,
    asked,
    queries,
    async close() {
      udp.close();
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** A record given whole (an alias, one of another name), or the data alone. */
const asAnswer = (one: unknown): Partial<Answer> =>
  typeof one === 'object' && one !== null && 'data' in one ? (one as Answer) : { data: one };
