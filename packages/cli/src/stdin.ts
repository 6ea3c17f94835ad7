/** stdin, which one reader of a command line can have: `-` in two places would give the second one nothing. */
import { fstatSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { exitCodes, Failure, usage } from './exit-code.js';

const readers = new WeakMap<object, string>();
const contents = new WeakMap<object, Promise<Buffer>>();

/**
 * @param what it is read as, for the error: `the message`
 * @throws Failure 64 where it is read already, as by another job of a run: the second reader would get nothing and call it all; 66
 * where it is a directory, of which Node makes an empty stream
 */
export function takeStdin(what: string): NodeJS.ReadStream {
  const { stdin } = process;
  const other = readers.get(stdin);
  if (other !== undefined)
    throw usage(
      other === what
        ? `stdin was read already, as ${what}`
        : `stdin cannot be both ${other} and ${what}`,
      'Give one of them as a file.',
    );
  if (stdin.fd === 0 && fstatSync(0).isDirectory())
    throw new Failure(exitCodes.notFound, `Cannot read ${what}: stdin is a directory`);
  readers.set(stdin, what);
  return stdin;
}

/** All of it, and again for a second attempt. */
export async function readStdin(what: string): Promise<Buffer> {
  const { stdin } = process;
  const known = readers.get(stdin) === what ? contents.get(stdin) : undefined;
  const content = known ?? buffer(takeStdin(what));
  contents.set(stdin, content);
  return content;
}
