/** One wait for the peer: how long, in which phase; and how a caller walks away from one. */
import {
  AbortError,
  addErrorContext,
  type ErrorContext,
  type Phase,
  TimeoutError,
} from 'tls-context-core';
import { onAbort } from './on-abort.js';

export interface Wait {
  phase: Phase;
  /** Milliseconds; 0 or Infinity waits for ever. */
  timeout: number;
  /** The command that waits, masked. */
  command?: string | undefined;
  /** What to do about a timeout. */
  hint?: string;
}

/** Where an error is that breaks this wait. */
export const contextOf = ({ phase, command }: Pick<Wait, 'phase' | 'command'>): ErrorContext => ({
  phase,
  ...(command === undefined ? {} : { command }),
});

/** Milliseconds. Timers run only while we wait for the peer, never while the consumer is slow. */
export interface Timeouts {
  /** DNS and TCP, proxy included. Default 10,000. */
  connect: number;
  /** The server's first words. Default 30,000. */
  greeting: number;
  /** The TLS handshake. Default 10,000. */
  tls: number;
  /** A reply to a command. Default 60,000; SMTP 300,000. */
  reply: number;
  /** Silence inside a body, either way. Default 60,000. */
  stall: number;
  /** SMTP: the reply after the final dot. Default 600,000. */
  dataEnd: number;
  /** FTP: the reply after the data connection closed. Default 120,000. */
  finalReply: number;
  /** The goodbye. Default 2,000. */
  close: number;
}

export const defaultTimeouts: Timeouts = {
  connect: 10_000,
  greeting: 30_000,
  tls: 10_000,
  reply: 60_000,
  stall: 60_000,
  dataEnd: 600_000,
  finalReply: 120_000,
  close: 2_000,
};

/** @param secured TLS is up, so that the peer is silent for another reason than that it waits for TLS */
export const timedOut = (wait: Wait, secured = false): TimeoutError =>
  addErrorContext(
    new TimeoutError(`No answer within ${wait.timeout} ms`, {
      milliseconds: wait.timeout,
      hint:
        wait.hint ??
        (secured && wait.phase === 'greeting' ? greetingHint : timeoutHints[wait.phase]),
    }),
    contextOf(wait),
  );

const greetingHint =
  'The server is silent after the TLS handshake; `timeouts.greeting` allows more time.';

const timeoutHints: Record<Phase, string> = {
  dial: 'Check host, port and firewall; `timeouts.connect` allows more time.',
  greeting:
    'The port may expect TLS from the first octet: use security "implicit-tls", or the STARTTLS port.',
  proxy: 'Check the proxy; `timeouts.connect` allows more time.',
  starttls: 'The server says neither yes nor no to TLS; `timeouts.reply` allows more time.',
  tls: 'The server is silent in the TLS handshake; `timeouts.tls` allows more time.',
  capabilities: 'The server does not say what it can; `timeouts.reply` allows more time.',
  auth: 'Servers delay answers to logins that fail; `timeouts.reply` allows more time.',
  command: "The server is slow or gone; `timeouts.reply` or the call's `timeout` allows more time.",
  transfer: 'The peer stopped sending; `timeouts.stall` allows more time.',
  close: 'The server does not answer the goodbye; `timeouts.close` allows more time.',
};

export const aborted = (
  signal: AbortSignal,
  context: ErrorContext,
  connection: 'usable' | 'closed',
): AbortError =>
  new AbortError(`${context.command ?? 'The call'} was aborted by its signal`, {
    ...context,
    cause: signal.reason,
    connection,
  });

/**
 * Settles as `work` does, or rejects with an AbortError when the signal fires first. `work` itself goes on: the
 * caller who started it sees to its end. Leaves no listener behind.
 */
export function abandonOnAbort<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  context: ErrorContext,
): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      work.catch(() => {});
      reject(aborted(signal, context, 'usable'));
    };
    if (signal.aborted) return stop();
    work.then(resolve, reject).finally(onAbort(signal, stop));
  });
}
