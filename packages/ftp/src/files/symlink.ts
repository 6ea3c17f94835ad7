/** SITE SYMLINK, of no RFC: ProFTPD's mod_site_misc. */
import { UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import type { Session } from '../session/session.js';
import type { CallOptions } from '../types.js';

/** @param target what the link points at, an octet string */
export async function makeSymlink(
  session: Session,
  target: string,
  path: string,
  options: CallOptions,
): Promise<void> {
  checkBlanks(target, path);
  await session.control.demand(command('SITE', 'SYMLINK', target, path), options);
}

/** @throws UsageError ERR_ARGUMENT: the two names are told apart by the blank between them, so neither may have one */
export function checkBlanks(target: string, path: string): void {
  for (const [argument, name] of [
    ['target', target],
    ['path', path],
  ] as const) {
    if (!/\s/.test(name)) continue;
    throw new UsageError('ERR_ARGUMENT', `The ${argument} has a blank in it.`, {
      protocol: 'ftp',
      argument,
      hint: 'SITE SYMLINK has no way to write such a name: the server would make another link.',
    });
  }
}
