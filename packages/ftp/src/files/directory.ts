/** CWD and back, RFC 959 §4.1.1: the directory that callers see never changes, so each way in has its way out in one turn. */
import type { Reply } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { workingDirectoryIn } from '../session/reply-text.js';
import type { Session } from '../session/session.js';

/** The working directory, an octet string; `undefined` where the server does not tell, and then nothing may leave it. */
export async function homeOf(session: Session, dialogue: Dialogue): Promise<string | undefined> {
  const { learned } = session;
  if (learned.home === undefined) {
    const reply = await dialogue.ask(command('PWD'));
    const path = reply.class === 2 ? workingDirectoryIn(reply.lines[0] ?? '') : undefined;
    learned.home = path === undefined || path === '' || /[\0\r\n]/.test(path) ? null : path;
  }
  return learned.home ?? undefined;
}

/** What came of going into a directory: work done, a refusal, or no way to come back and so none to go. */
export type Visit<T> = { result: T } | { refusal: Reply } | 'no way back';

/** Runs `work` with `path` as the working directory. A way back that is refused ends the connection. */
export async function inside<T>(
  session: Session,
  dialogue: Dialogue,
  path: string,
  work: () => Promise<T>,
): Promise<Visit<T>> {
  const home = await homeOf(session, dialogue);
  if (home === undefined) return 'no way back';
  const refusal = await dialogue.ask(command('CWD', path));
  if (refusal.class !== 2) return { refusal };
  try {
    return { result: await work() };
  } finally {
    if (dialogue.connection.isOpen) await leave(dialogue, home);
  }
}

async function leave(dialogue: Dialogue, home: string): Promise<void> {
  const reply = await dialogue.ask(command('CWD', home));
  if (reply.class === 2) return;
  throw dialogue.connection.malformed('the way back to the working directory', reply.text, {
    command: 'CWD',
  });
}

/** Whether `path` can be gone into; `undefined` where that can't be tried. */
export async function isDirectory(
  session: Session,
  path: string,
  options: { signal?: AbortSignal; timeout?: number },
): Promise<boolean | undefined> {
  const visit = await session.control.hold('CWD', options, (dialogue) =>
    inside(session, dialogue, path, async () => {}),
  );
  if (visit === 'no way back') return undefined;
  if ('result' in visit) return true;
  return visit.refusal.code === 500 || visit.refusal.code === 502 ? undefined : false;
}
