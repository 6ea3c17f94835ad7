// Latency on loopback: a TCP relay that holds every octet back for half a round trip, each way, in order.
// For FTP the passive range is relayed one to one: the same port numbers on the relay's address.
import { connect, createServer } from 'node:net';

/**
 * @param target { host, port } of the real server.
 * @param options roundTrip in milliseconds; host and port to listen on (port 0: any); ports: [from, to] to relay one to one.
 * @returns { host, port, close }
 */
export async function startRelay(target, { roundTrip, host = '127.0.0.2', port = 0, ports = [] }) {
  const sockets = new Set();
  const servers = [];
  const listen = (from, to) =>
    new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (client) => {
        const upstream = connect({ host: target.host, port: to, noDelay: true });
        for (const socket of [client, upstream]) {
          sockets.add(socket);
          socket.on('close', () => sockets.delete(socket));
        }
        delayed(client, upstream, roundTrip / 2);
        delayed(upstream, client, roundTrip / 2);
      });
      servers.push(server);
      server.once('error', reject);
      server.listen(from, host, () => resolve(server.address().port));
    });
  const bound = await listen(port, target.port);
  const [first, last] = ports;
  for (let each = first; each !== undefined && each <= last; each++) await listen(each, each);
  return {
    host,
    port: bound,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** Pipes `from` to `to`, everything `delay` ms late. What is under way is bounded: the sender is stopped beyond that. */
function delayed(from, to, delay) {
  const underWay = 8 << 20;
  let held = 0;
  from.on('data', (chunk) => {
    held += chunk.length;
    if (held > underWay) from.pause();
    setTimeout(() => {
      held -= chunk.length;
      if (held <= underWay) from.resume();
      if (!to.destroyed) to.write(chunk);
    }, delay);
  });
  from.on('end', () => setTimeout(() => to.end(), delay));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), delay + 50));
}
