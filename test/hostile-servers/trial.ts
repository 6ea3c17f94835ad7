/** One run of a job against a faulty server, and all that must hold afterwards, whatever the fault. */
import { getEventListeners, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Dial } from '@fivewire/line-protocol';
import type { FaultPlan, TestServer } from '@fivewire/test-servers';
import { isFivewireError } from 'tls-context-core';
import { accessTo, impatient, type Job, type Mode, patience, serverOptions } from './job.js';
import type { World } from './world.js';

export interface Trial {
  job: Job;
  mode: Mode;
  faults: FaultPlan | undefined;
  /** Something else on the server, such as faults of FTP's data connections. */
  prepare?: (server: TestServer) => void;
  timeouts?: typeof impatient;
}

export interface Result {
  /** What the job saw; `undefined` where it failed. */
  seen: unknown;
  error: unknown;
  milliseconds: number;
  /** Octets that the server sent on each of its connections. */
  sent: number[];
  /** What does not hold. */
  faults: string[];
}

export async function runTrial({ certificate, ca }: World, trial: Trial): Promise<Result> {
  const { job, mode, faults: plan, prepare, timeouts = impatient } = trial;
  const server = await job.start(serverOptions(certificate));
  server.faults = plan;
  prepare?.(server);
  const { signal } = new AbortController();
  const sockets: Socket[] = [];
  const dial: Dial = async ({ host, port }) => {
    const socket = connect(port, host);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const begun = performance.now();
  let seen: unknown;
  let error: unknown;
  try {
    seen = await job.run(accessTo(server, mode, ca, { timeouts, signal, dial }));
  } catch (thrown) {
    error = thrown;
  }
  const milliseconds = performance.now() - begun;
  const faults = error === undefined ? [] : faultsOf(error);
  // One wait runs out, then the goodbye; the rest is a busy machine. What is looked for is a wait without an end.
  if (milliseconds > 3 * patience + 45_000) faults.push(`took ${Math.round(milliseconds)} ms`);
  const listeners = () => getEventListeners(signal, 'abort').length;
  if (!(await soon(() => listeners() === 0)))
    faults.push(`${listeners()} listeners are left on the signal`);
  const open = () => sockets.filter(({ destroyed }) => !destroyed).length;
  if (!(await soon(() => open() === 0))) faults.push(`${open()} sockets are left open`);
  const sent = server.connections.map((connection) => connection.sent);
  for (const problem of server.problems) faults.push(`the server: ${problem.stack}`);
  await server.close();
  return { seen, error, milliseconds, sent, faults };
}

/** The codes of `errors.ts` that a server can cause. */
const codes = new Set([
  'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
  'ERR_TLS_HANDSHAKE',
  'ERR_STARTTLS_NOT_OFFERED',
  'ERR_STARTTLS_REFUSED',
  'ERR_STARTTLS_INJECTION',
  'ERR_PREAUTH',
  'ERR_CONNECTION_CLOSED',
  'ERR_SERVER_CLOSING',
  'ERR_TIMEOUT',
  'ERR_MALFORMED_RESPONSE',
  'ERR_LIMIT_EXCEEDED',
  'ERR_COMMAND_REJECTED',
  'ERR_NOT_FOUND',
  'ERR_EXTENSION_REQUIRED',
  'ERR_AUTHENTICATION_FAILED',
  'ERR_NO_COMMON_MECHANISM',
  'ERR_SERVER_SIGNATURE',
  'ERR_CHALLENGE',
  'ERR_TRANSFER_INCOMPLETE',
  'ERR_RECIPIENTS_REJECTED',
  'ERR_OUTCOME_UNKNOWN',
]);

function faultsOf(error: unknown): string[] {
  if (!isFivewireError(error)) return [`no error of ours: ${(error as Error)?.stack ?? error}`];
  const faults: string[] = [];
  if (!codes.has(error.code)) faults.push(`${error.code}: ${error.message}`);
  if (error.hint === '') faults.push(`${error.code} has no hint: ${error.message}`);
  if (error.protocol === undefined)
    faults.push(`${error.code} names no protocol: ${error.message}`);
  return faults;
}

/** Whether it comes to hold within a moment. */
async function soon(holds: () => boolean): Promise<boolean> {
  const end = performance.now() + 1_000;
  while (!holds() && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 2));
  return holds();
}
