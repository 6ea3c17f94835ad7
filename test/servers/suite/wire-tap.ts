// What really left: a relay on loopback that reads the client's octets and the headers of its TLS records.
import { once } from 'node:events';
import net from 'node:net';

/** A TLS record's header, RFC 8446 §5.1. */
export interface RecordHeader {
  readonly type: number;
  readonly octets: number;
}

export interface WireTap {
  /** Where to connect instead. */
  readonly port: number;
  /** What the client said before its first TLS record. */
  clear(): string;
  /** The records of the client, once TLS began. */
  records(): RecordHeader[];
  /** Settles when the client has closed its side. */
  readonly clientClosed: Promise<void>;
  close(): void;
}

export const wireTap = async (host: string, port: number): Promise<WireTap> => {
  const chunks: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  let clientGone = (): void => {};
  const clientClosed = new Promise<void>((resolve) => {
    clientGone = resolve;
  });
  const relay = net.createServer((client) => {
    const server = net.connect({ host, port });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.on('close', () => {
      server.destroy();
      clientGone();
    });
    server.on('close', () => client.destroy());
    client.pipe(server);
    server.pipe(client);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as net.AddressInfo).port,
    clear: () => {
      const sent = Buffer.concat(chunks);
      return sent.subarray(0, tlsStart(sent)).toString('latin1');
    },
    records: () => {
      const sent = Buffer.concat(chunks);
      return parseRecords(sent.subarray(tlsStart(sent)));
    },
    clientClosed,
    close: () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** Where the ClientHello's record begins: no command of ours holds the octets 22, 3. */
const tlsStart = (sent: Buffer): number => {
  const found = sent.indexOf(Buffer.from([22, 3]));
  return found === -1 ? sent.length : found;
};

const parseRecords = (octets: Buffer): RecordHeader[] => {
  const records: RecordHeader[] = [];
  for (let at = 0; at + 5 <= octets.length; ) {
    const header = { type: octets.readUInt8(at), octets: octets.readUInt16BE(at + 3) };
    records.push(header);
    at += 5 + header.octets;
  }
  return records;
};
