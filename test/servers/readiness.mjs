// Is a port free; has a server greeted?
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { portNumbers, shiftPorts } from './definitions.mjs';

const shifts = [0, 1000, 2000, -1000, -2000];

/** Whether nobody listens there. */
export const isFree = async (port, host) => {
  const server = net.createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
};

/** The same servers where nobody listens: another run, or another program, may sit on a port, and then all of them move together. */
export const onFreePorts = async (definitions, host) => {
  for (const shift of shifts) {
    const shifted = shiftPorts(definitions, shift);
    const free = await Promise.all(shifted.flatMap(portNumbers).map((port) => isFree(port, host)));
    if (free.every(Boolean)) return shifted;
  }
  throw new Error('the test servers found no free ports');
};

/**
 * Waits until each port answers with its greeting; resolves to complaints, none if all did. `gone` says whether the
 * server ended meanwhile; `internal: false` leaves out the ports that only the other servers reach.
 */
export const awaitGreetings = async (definition, { internal, ...peer }) => {
  const awaited = Object.entries(definition.ports).filter(
    ([, port]) => port.greeting !== undefined && (internal || !port.internal),
  );
  const complaints = await Promise.all(
    awaited.map(async ([key, port]) => {
      const trouble = await awaitGreeting(definition, port, peer);
      return trouble && `${key} (${port.port}): ${trouble}`;
    }),
  );
  return complaints.filter((complaint) => complaint !== undefined);
};

const awaitGreeting = async (definition, port, { host, ca, deadline, gone }) => {
  let trouble = 'no answer';
  while (Date.now() < deadline && !gone()) {
    const seen = await greeting(definition, port, { host, ca });
    if (seen.line !== undefined && new RegExp(port.greeting).test(seen.line)) return undefined;
    trouble = seen.line === undefined ? seen.trouble : `greeted with ${JSON.stringify(seen.line)}`;
    await sleep(100);
  }
  return trouble;
};

const greeting = async (definition, { port, implicitTls }, { host, ca }) => {
  const socket = implicitTls
    ? tls.connect({ port, host, ca: readFileSync(ca), servername: definition.names[0] })
    : net.connect({ port, host });
  socket.setTimeout(5_000, () => socket.destroy(new Error('no greeting')));
  try {
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.includes('\n')) return { line: text.slice(0, text.indexOf('\n')).trim() };
    }
    return { trouble: text === '' ? 'closed without a greeting' : `said only ${text}` };
  } catch (error) {
    return { trouble: error.message };
  } finally {
    socket.destroy();
  }
};
