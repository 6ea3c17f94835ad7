/** A relay that lets so many TLS records of a server through, and then ends the wire as if somebody had cut it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Where in the stream of records (RFC 8446 §5.1) the wire is cut. */
export interface Cut {
  /** So many records pass whole. */
  records: number;
  /** And of the next one so many octets: of its header, its middle, all but its last. */
  inside: 'nothing' | 'header' | 'middle' | 'all but one';
}

export interface CuttingRelay {
  readonly port: number;
  /** The records that the server has sent, cut or not. */
  readonly seen: readonly { type: number; length: number }[];
  close(): Promise<void>;
}

const headerLength = 5;

const octetsOf: Record<Cut['inside'], (whole: number) => number> = {
  nothing: () => 0,
  header: () => headerLength - 2,
  middle: (whole) => headerLength + Math.floor((whole - headerLength) / 2),
  'all but one': (whole) => whole - 1,
};

/** For one connection. The server is read to its end, and never learns that its octets went nowhere. */
export async function startCuttingRelay(
  target: { host: string; port: number },
  cut: Cut | undefined,
): Promise<CuttingRelay> {
  const sockets = new Set<Socket>();
  const seen: { type: number; length: number }[] = [];
  const listener = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', () => undefined);
    }
    near.on('data', (octets) => far.write(octets)).on('end', () => far.end());
    let left = Buffer.alloc(0);
    let passing = true;
    far.on('data', (octets) => {
      left = Buffer.concat([left, octets]);
      for (let record = firstRecord(left); record; record = firstRecord(left)) {
        left = left.subarray(record.length);
        if (passing && seen.length === cut?.records) {
          const octetsLeft = octetsOf[cut.inside](record.length);
          near.end(record.subarray(0, octetsLeft));
          passing = false;
        }
        seen.push({ type: record[0] ?? 0, length: record.length });
        if (passing) near.write(record);
      }
    });
    far.on('end', () => near.end());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    seen,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

function firstRecord(octets: Buffer): Buffer | undefined {
  if (octets.length < headerLength) return undefined;
  const length = headerLength + octets.readUInt16BE(3);
  return octets.length < length ? undefined : octets.subarray(0, length);
}
