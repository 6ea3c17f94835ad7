/** STOU, RFC 959 §4.1.3: the server chooses a name that is new, and says it as RFC 1123 §4.1.2.9 has it. */
import { randomUUID } from 'node:crypto';
import { isFivewireError, type Reply, type ServerReply } from '@fivewire/line-protocol';
import type { Dialogue } from '../session/dialogue.js';
import { rejected } from '../session/failures.js';
import type { Session } from '../session/session.js';
import { checkSource, type Source } from '../transfer/source.js';
import { store } from '../transfer/store.js';
import type { TransferOptions, UniqueResult, UploadSource } from '../types.js';
import { inside } from './directory.js';
import { hasSlashes, joinPath } from './remote-path.js';
import { withSource } from './upload.js';

/** @param directory an octet string; STOU itself knows only the working directory */
export async function uploadUnique(
  session: Session,
  source: UploadSource,
  directory: string,
  options: TransferOptions,
): Promise<UniqueResult> {
  checkSource(source, session.control);
  return withSource(session, source, { ...options, verb: 'STOU' }, async (dialogue, opened) => {
    const work = () => storeUnique(session, dialogue, opened, options);
    let stored: Stored;
    if (directory === '.' || directory === '') stored = await work();
    else {
      const visit = await inside(session, dialogue, directory, work);
      if (visit === 'no way back')
        stored = await storeRandom(session, dialogue, opened, directory, options);
      else if ('refusal' in visit) throw dialogue.connection.locate(rejected(visit.refusal, 'CWD'));
      else stored = visit.result;
    }
    const { name, ...result } = stored;
    const isPath = name === undefined || name.includes('/') || directory === '.';
    const path = isPath ? name : joinPath(directory, name, false, hasSlashes(session));
    return { ...result, path: path === undefined ? undefined : session.charset.decode(path) };
  });
}

type Stored = Omit<UniqueResult, 'path'> & { name: string | undefined };

async function storeUnique(
  session: Session,
  dialogue: Dialogue,
  source: Source,
  options: TransferOptions,
): Promise<Stored> {
  let name: string | undefined;
  try {
    const heard = (opening: Reply | undefined, last: Reply): void => {
      name = uniqueName([...(opening?.lines ?? []), ...last.lines]);
    };
    const how = { ...options, verb: 'STOU', path: '', source, verify: false, heard } as const;
    return { ...(await store(session, dialogue, how)), name };
  } catch (error) {
    if (!isUnknown(error)) throw error;
    return storeRandom(session, dialogue, source, '', options);
  }
}

/** A server without STOU: a name that no other client can have. */
async function storeRandom(
  session: Session,
  dialogue: Dialogue,
  source: Source,
  directory: string,
  options: TransferOptions,
): Promise<Stored> {
  const name = randomUUID();
  const path = joinPath(directory, name, false, hasSlashes(session));
  const result = await store(session, dialogue, {
    ...options,
    verb: 'STOR',
    path,
    source,
    verify: true,
  });
  return { ...result, name };
}

function isUnknown(error: unknown): boolean {
  if (!isFivewireError(error) || error.connection !== 'usable') return false;
  const { reply } = error as { reply?: ServerReply };
  return [500, 501, 502, 504].includes(Number(reply?.code)); // 501: some want a name
}

/** `150 FILE: name` (RFC 1123; vsftpd, ProFTPD), `226 … (unique file name:name)` (WU-FTPD). An octet string. */
export function uniqueName(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const match = /\bFILE: ?(.+)$/i.exec(line) ?? /unique file name: ?([^)]+)\)?/i.exec(line);
    const name = match?.[1]?.trim().replace(/^"(.*)"$/, '$1');
    if (name !== undefined && name !== '') return name;
  }
  return undefined;
}
