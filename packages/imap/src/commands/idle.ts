/** IDLE, RFC 2177 (RFC 9051 §6.3.13): the server speaks when something happens, until we say DONE. */
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';

/** Servers end sessions that were silent for half an hour (RFC 9051 §5.4), and NATs sooner: 9 minutes suit both. */
export const idleRefresh: number = 9 * 60_000;

/**
 * Idles until `wake` is called, another command wants the connection, or the refresh is due. Resolves after the
 * server's OK, so that nothing is lost in between.
 */
export async function idle(
  runner: CommandRunner,
  refresh: number,
  onIdle: (wake: () => void) => void,
  options?: CallOptions,
): Promise<void> {
  let accepted = false;
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    // What wakes us may have closed the connection: then IDLE is over, and its caller is told by the command.
    if (accepted && runner.connection.isOpen) runner.sendLine('DONE', 'DONE');
  };
  const timer = setTimeout(finish, refresh);
  onIdle(finish);
  try {
    await runner.run(
      {
        verb: 'IDLE',
        yields: true,
        onContinuation: () => {
          if (!accepted && done) runner.sendLine('DONE', 'DONE');
          accepted = true;
        },
        interrupt: finish,
        mayBeSilent: () => accepted && !done,
        background: () => true,
      },
      options,
    );
  } finally {
    clearTimeout(timer);
  }
}
