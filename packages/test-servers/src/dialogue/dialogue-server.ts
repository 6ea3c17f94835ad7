/** A server whose every word is in a script, and the replay of one script under every cut of its octets. */
import {
  startLineServer,
  type TestProtocol,
  type TestServer,
  type TestServerOptions,
} from '../line-server.js';
import { ownCertificate } from '../own-certificate.js';
import type { IssuedCertificate } from '../throwaway-ca.js';
import { type Delivery, deliveries } from './delivery.js';
import { type DialogueStep, parseDialogue } from './parse-dialogue.js';
import {
  type DialogueReport,
  defaultTimeout,
  formatMismatch,
  type PlayOptions,
  playDialogue,
} from './play-dialogue.js';

export interface DialogueServerOptions extends PlayOptions {
  /** Whose ALPN name a `TLS` line selects. Default: none is. */
  protocol?: TestProtocol;
  /** For a `TLS` line. Default: one for `localhost`, `127.0.0.1` and `::1`, from a CA of the process's own. */
  certificate?: IssuedCertificate;
  /** Default `'127.0.0.1'`. */
  host?: string;
}

/** A server that plays the same dialogue on each connection. */
export interface DialogueServer {
  readonly host: string;
  readonly port: number;
  /** One for each connection that is over, in the order of their ends. */
  readonly reports: readonly DialogueReport[];
  readonly connections: TestServer['connections'];
  /** The report of the first connection, once it is over. Rejects where the script itself can't be played. */
  finished(): Promise<DialogueReport>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws SyntaxError where the text is no dialogue */
export async function startDialogueServer(
  dialogue: string | readonly DialogueStep[],
  options: DialogueServerOptions = {},
): Promise<DialogueServer> {
  const steps = typeof dialogue === 'string' ? parseDialogue(dialogue) : dialogue;
  const reports: DialogueReport[] = [];
  let settle: (report: DialogueReport | Promise<never>) => void = () => {};
  const first = new Promise<DialogueReport>((resolve) => {
    settle = resolve;
  });
  first.catch(() => {}); // told to who waits for it
  const { protocol, certificate, host } = options;
  const settings: TestServerOptions = {
    // The script says when TLS begins, so the port itself is a plain one.
    modes: ['cleartext'],
    ...(protocol ? {} : { tls: { alpn: false } }),
    ...(certificate ? { certificate } : {}),
    ...(host ? { host } : {}),
  };
  const server = await startLineServer(protocol ?? 'smtp', settings, async (session) => {
    const playing = playDialogue(session, steps, options);
    playing.catch((error: unknown) => settle(Promise.reject(error)));
    const report = await playing;
    reports.push(report);
    settle(report);
  });
  return {
    host: server.host,
    port: server.ports.cleartext,
    reports,
    connections: server.connections,
    finished: () => first,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** What a client under test is given. */
export interface DialogueAddress {
  host: string;
  port: number;
  /** The authority behind the server's certificate, PEM. */
  ca: string;
}

export interface ReplayOptions extends DialogueServerOptions {
  /** Default: whole, octet by octet, and cut by five seeds. */
  deliveries?: readonly Delivery[];
}

/**
 * Runs a client against a dialogue once for every delivery. The results should be equal: compare them.
 * @returns one result for each delivery, in their order
 * @throws Error that lists the mismatches, or what the client threw, each with the delivery it happened under
 */
export async function replayDialogue<T>(
  dialogue: string | readonly DialogueStep[],
  client: (address: DialogueAddress) => Promise<T>,
  options: ReplayOptions = {},
): Promise<T[]> {
  const steps = typeof dialogue === 'string' ? parseDialogue(dialogue) : dialogue;
  const own = await ownCertificate();
  const { certificate = own.certificate } = options;
  const results: T[] = [];
  for (const delivery of options.deliveries ?? deliveries()) {
    const server = await startDialogueServer(steps, { ...options, certificate, delivery });
    const { host, port } = server;
    try {
      results.push(await client({ host, port, ca: own.ca }));
      await settled(server, options.timeout ?? defaultTimeout);
      const mismatches = server.reports.flatMap((report) => report.mismatches);
      if (mismatches.length > 0) throw new Error(mismatches.map(formatMismatch).join('\n'));
    } catch (cause) {
      throw new Error(`Delivery ${JSON.stringify(delivery)}: ${explain(cause, server)}`, { cause });
    } finally {
      await server.close();
    }
  }
  return results;
}

/** Waits for the first connection's report; for a client that did not come, only so long. */
async function settled(server: DialogueServer, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      if (server.connections.length === 0) reject(new Error('The client never came.'));
    }, timeout);
  });
  try {
    await Promise.race([server.finished(), never]);
  } finally {
    clearTimeout(timer);
  }
}

/** A client that fails has often left the script first: that is the better news. */
function explain(error: unknown, { reports }: DialogueServer): string {
  const mismatches = reports.flatMap((report) => report.mismatches).map(formatMismatch);
  const own = error instanceof Error ? error.message : String(error);
  return [...new Set([...mismatches, own])].join('\n');
}
