/**
 * Data connections between two servers, under TLS or not: PROT of RFC 4217 §9; SSCN and CPSV, by which one of both takes the client's part of
 * TLS (RaidenFTPD's and glFTPd's; no RFC).
 */
import { type CommandLine, isFivewireError, type Reply } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { rejected } from '../session/failures.js';
import { missing } from '../session/missing.js';
import { hasFeature } from '../session/session.js';
import type { End } from './way.js';

export interface Protection {
  /** What the target has to be asked by for a port. */
  readonly passive: 'CPSV' | undefined;
  /** As it was. What can't be brought back to that ends its connection. */
  undo(): Promise<void>;
}

/** Sets it for one copy. */
export async function protect(
  source: End,
  target: End,
  protection: 'unsafe-unverified' | 'unsafe-clear' | undefined,
): Promise<Protection> {
  const back: [Dialogue, CommandLine][] = [];
  const undo = async (): Promise<void> => {
    for (const [dialogue, line] of back.reverse()) await restore(dialogue, line);
  };
  const set = async ({ dialogue }: End, on: CommandLine, off: CommandLine): Promise<void> => {
    await dialogue.demand(on);
    back.push([dialogue, off]);
  };
  const secure = [source, target].filter(({ session }) => session.securesData);
  if (secure.length === 0) return { passive: undefined, undo };
  if (protection === 'unsafe-clear') {
    try {
      for (const end of secure) await set(end, command('PROT', 'C'), command('PROT', 'P'));
    } catch (error) {
      await undo();
      throw error;
    }
    return { passive: undefined, undo };
  }
  const client = [target, source].find(({ session }) => hasFeature(session, 'SSCN'));
  if (client !== undefined) {
    await set(client, command('SSCN', 'ON'), command('SSCN', 'OFF'));
    return { passive: undefined, undo };
  }
  if (hasFeature(target.session, 'CPSV')) return { passive: 'CPSV', undo };
  throw missing(target.session, 'SSCN or CPSV', 'have TLS with another server');
}

/** Else files of this side would travel in clear, or meet a server that begins no TLS. */
async function restore(dialogue: Dialogue, line: CommandLine): Promise<void> {
  const { connection } = dialogue;
  if (!connection.isOpen) return;
  let reply: Reply;
  try {
    reply = await dialogue.ask(line);
  } catch (error) {
    if (isFivewireError(error)) return; // it has ended
    throw error;
  }
  if (reply.class !== 2) connection.fail(connection.locate(rejected(reply, line.masked)));
}
