/** QUIT, RFC 959 §4.1.1. */
import { createGoodbye } from '@fivewire/line-protocol';
import type { CallOptions } from '../types.js';
import type { Control } from './control.js';
import { command } from './dialogue.js';

/** Nothing depends on the reply: a server that leaves without its last word is no failure. */
export function createQuit(control: Control): (options: CallOptions) => Promise<void> {
  const { connection } = control;
  const line = command('QUIT');
  return createGoodbye<void>(connection, {
    command: line.masked,
    say: ({ signal, timeout = connection.timeouts.close, sent }) =>
      control.hold(line.masked, { signal, timeout }, async (dialogue) => {
        sent();
        await dialogue.ask(line);
        await connection.end();
      }),
    over: () => {},
  });
}
