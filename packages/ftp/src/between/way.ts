/** Which of two servers dials the other: PASV and PORT of RFC 959 §4.1.2, EPSV and EPRT of RFC 2428; PRET of DrFTPD. */
import { isIP } from 'node:net';
import { type Reply, UsageError } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { rejected } from '../session/failures.js';
import { passivePort } from '../session/reply-text.js';
import { hasFeature, type Session } from '../session/session.js';
import { portCommand } from '../transfer/active-port.js';

/** One of both servers, its connection held. */
export interface End {
  readonly session: Session;
  readonly dialogue: Dialogue;
  /** An octet string. */
  readonly path: string;
}

export type Way = 'source dials' | 'target dials';

/**
 * Has one listen, and tells the other where.
 *
 * @param passive what the one that listens is asked by, where TLS between them wants it so (CPSV); then it is the target
 * @param isThere whether the source has its file for sure: where the target dials, that is asked to write before the source has said so
 */
export async function introduce(
  source: End,
  target: End,
  passive: 'CPSV' | undefined,
  isThere: boolean,
): Promise<Way> {
  const reply = await tell(source, await listening(target, `STOR ${target.path}`, passive));
  if (reply.class === 2) return 'source dials';
  const refusal = source.dialogue.connection.locate(rejected(reply, 'PORT'));
  if (passive !== undefined || !isThere) throw refusal;
  const second = await tell(target, await listening(source, `RETR ${source.path}`, undefined));
  if (second.class === 2) return 'target dials';
  throw refusal;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

/** The host is that of the control connection, whatever a 227 names: a server could have the other dial whom it likes (RFC 2577 §3). */
async function listening(
  { session, dialogue }: End,
  announced: string,
  passive: 'CPSV' | undefined,
): Promise<Place> {
  const address = session.dataHost;
  const family = isIP(address);
  if (family === 0) throw noAddress();
  if (hasFeature(session, 'PRET')) await dialogue.ask(command('PRET', announced));
  const line = command(passive ?? (family === 4 ? 'PASV' : 'EPSV'));
  const reply = dialogue.succeeded(await dialogue.ask(line), line);
  const text = reply.lines.join(' ');
  const port = passivePort(text);
  if (port === undefined)
    throw dialogue.connection.malformed('a port', text, { command: line.masked });
  return { address, port };
}

function tell({ dialogue }: End, { address, port }: Place): Promise<Reply> {
  const isIPv4 = isIP(address) === 4;
  return dialogue.ask(
    isIPv4 ? portCommand(address, port) : command('EPRT', `|2|${address}|${port}|`),
  );
}

const noAddress = (): UsageError =>
  new UsageError('ERR_STATE', 'The address of a server is not known on this side.', {
    protocol: 'ftp',
    hint: 'Through a proxy only that knows it: connect without, or download and upload.',
  });
