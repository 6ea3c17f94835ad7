/**
 * A file from one server to another, without this side between: RFC 959 §2.3 and figure 2, what users call FXP.
 */
import {
  checkOptions,
  type FivewireError,
  oneOf,
  type Rules,
  TransferError,
  UsageError,
} from '@fivewire/line-protocol';
import { algorithms, hash, verbFor } from '../files/attributes.js';
import { judged } from '../files/judged.js';
import { pathArgument, type RemotePath } from '../files/remote-path.js';
import { type FtpCalls, sessionOf } from '../ftp-calls.js';
import { callRules, orFalse } from '../options.js';
import { command, type Dialogue } from '../session/dialogue.js';
import { missing } from '../session/missing.js';
import { sizeOf } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import { mayHaveSize } from '../transfer/retrieve.js';
import { setType } from '../transfer/transfer-type.js';
import type { CallOptions, HashAlgorithm, Proof } from '../types.js';
import { advise } from './advice.js';
import { giveAndTake } from './give-and-take.js';
import { protect } from './protection.js';
import { type End, introduce } from './way.js';

export interface CopyOptions extends CallOptions {
  /**
   * Needed where a session protects its data connections: this client can't see that of two servers, and proves nothing of it.
   * `'unsafe-unverified'`: the servers use TLS between them (SSCN or CPSV), and as a rule neither looks at who the other is.
   * `'unsafe-clear'`: the file travels in clear (PROT C).
   */
  protection?: 'unsafe-unverified' | 'unsafe-clear';
  /**
   * `'size'` (default): both servers must say the same size, where they have SIZE. `'hash'`: and the same hash; both must have one of the same
   * kind. `false`: both final replies do.
   */
  verify?: 'size' | 'hash' | false;
}

export interface CopyResult {
  /** Octets of the file; `undefined` where neither server tells. */
  size: number | undefined;
  proof: Exclude<Proof, 'close-notify'>;
  /** With `verify: 'hash'`: what both servers computed, in hex. */
  hash?: { algorithm: HashAlgorithm; value: string };
}

const copyRules: Rules<CopyOptions> = {
  ...callRules,
  protection: oneOf('unsafe-unverified', 'unsafe-clear'),
  verify: orFalse(oneOf('size', 'hash')),
};

/**
 * Copies a file from one server to another (FXP). Both must allow it: most are set to refuse data connections with strangers, for it is also
 * how ports of others are scanned (RFC 2577). The address that one server is given is that of the other's control connection, never one
 * that a server names. Other calls on both clients wait.
 *
 * `timeout` is the longest wait for the end; default: `timeouts.finalReply`, and a second for each 64 KiB.
 *
 * @param source a client that is logged in; of a pool, one that its `session` lends
 * @param target another one, likewise
 * @throws CommandError as either server refuses; ERR_EXTENSION_REQUIRED where neither has SSCN or CPSV; TransferError
 * ERR_TRANSFER_INCOMPLETE; UsageError
 */
export async function copyBetween(
  source: FtpCalls,
  from: RemotePath,
  target: FtpCalls,
  to: RemotePath,
  options: CopyOptions = {},
): Promise<CopyResult> {
  checkOptions(options, copyRules);
  const ends = [insideOf(source, 'source'), insideOf(target, 'target')] as const;
  const paths = [
    pathArgument(from, ends[0].charset, 'from'),
    pathArgument(to, ends[1].charset, 'to'),
  ] as const;
  checkPair(ends, options);
  const algorithm = options.verify === 'hash' ? commonHash(ends) : undefined;
  const { signal } = options;
  const call = signal === undefined ? {} : { signal };
  const result = await holdingBoth(ends, call, (dialogues) =>
    copy(
      { session: ends[0], dialogue: dialogues[0], path: paths[0] },
      { session: ends[1], dialogue: dialogues[1], path: paths[1] },
      options,
    ),
  ).catch(async (error: unknown) => {
    await judged(
      ends[0],
      paths[0],
      error,
      call,
      ({ command: refused }) => refused?.startsWith('RETR') === true,
    );
    throw error;
  });
  if (algorithm === undefined) return result;
  const [value, arrived] = await Promise.all([
    hash(ends[0], paths[0], algorithm, call),
    hash(ends[1], paths[1], algorithm, call),
  ]);
  if (value !== arrived) throw differs(ends[1], paths, `${algorithms[algorithm].name} differs`);
  return { ...result, hash: { algorithm, value } };
}

function insideOf(client: FtpCalls, argument: string): Session {
  const session = typeof client === 'object' && client !== null ? sessionOf(client) : undefined;
  if (session !== undefined) return session;
  throw new UsageError('ERR_ARGUMENT', `The ${argument} is no FtpClient.`, {
    protocol: 'ftp',
    argument,
    hint: 'Give two connected clients; a pool lends one by `session`.',
  });
}

function checkPair([source, target]: readonly [Session, Session], options: CopyOptions): void {
  const wrong = (argument: string, message: string, hint: string): UsageError =>
    new UsageError('ERR_ARGUMENT', message, { protocol: 'ftp', argument, hint });
  if (source === target)
    throw wrong('target', 'One client is one connection: it can’t be both ends.', 'Connect twice.');
  const isSecure = source.securesData || target.securesData;
  if (isSecure && options.protection === undefined) {
    throw wrong(
      'protection',
      'Data between two servers is proven to nobody; nothing was sent.',
      "Say `protection: 'unsafe-unverified'` or `'unsafe-clear'`, or download and upload.",
    );
  }
  if (options.protection === 'unsafe-unverified' && source.securesData !== target.securesData) {
    throw wrong(
      'protection',
      'Only one of both sessions protects its data.',
      "Connect both with TLS, or say `'unsafe-clear'`.",
    );
  }
  if (source.learned.deflates !== target.learned.deflates) {
    throw wrong(
      'target',
      'MODE Z is set on one of both connections alone.',
      'Connect both with `compress`, or neither.',
    );
  }
}

/** The strongest that both have. */
function commonHash(ends: readonly [Session, Session]): HashAlgorithm {
  const order: HashAlgorithm[] = ['sha512', 'sha256', 'sha1', 'md5', 'crc32'];
  const found = order.find((name) => ends.every((end) => verbFor(end, name) !== undefined));
  if (found !== undefined) return found;
  const without = ends.find((end) => order.every((name) => verbFor(end, name) === undefined));
  throw missing(without ?? ends[1], 'hash that the other has, too', 'compare by');
}

let held = 0;
const order = new WeakMap<Session, number>();

/** Both connections at once, always in the same order: two copies in opposite directions would wait for each other for ever. */
async function holdingBoth<T>(
  [source, target]: readonly [Session, Session],
  call: CallOptions,
  work: (dialogues: readonly [Dialogue, Dialogue]) => Promise<T>,
): Promise<T> {
  const numberOf = (session: Session): number => {
    const number = order.get(session) ?? ++held;
    order.set(session, number);
    return number;
  };
  const isInOrder = numberOf(source) < numberOf(target);
  const [first, second] = isInOrder ? [source, target] : [target, source];
  return first.control.hold('a copy between servers', call, (one) =>
    second.control.hold('a copy between servers', call, (two) => {
      one.settlesAborts = true;
      two.settlesAborts = true;
      return work(isInOrder ? [one, two] : [two, one]);
    }),
  );
}

async function copy(source: End, target: End, options: CopyOptions): Promise<CopyResult> {
  const ends = [source, target] as const;
  for (const { session, dialogue } of ends) {
    await setType(session, dialogue, 'I');
    session.learned.port = undefined; // that would be a port for this side
    session.learned.row = { files: 0, at: 0 };
    if (session.learned.staleRestart) await dialogue.ask(command('REST', '0'));
    session.learned.staleRestart = false;
  }
  const size = await sizeAt(source);
  try {
    const protection = await protect(source, target, options.protection);
    try {
      const way = await introduce(source, target, protection.passive, size !== undefined);
      await giveAndTake(source, target, way, size, options);
    } finally {
      await protection.undo();
    }
  } catch (error) {
    advise(error, options.protection);
    throw error;
  }
  if (options.verify === false) return { size, proof: 'final-reply' };
  const arrived = await sizeAt(target);
  if (size !== undefined && arrived !== undefined && size !== arrived)
    throw differs(
      target.session,
      [source.path, target.path],
      `the target has ${arrived} octets of ${size}`,
    );
  const isProven = size !== undefined && arrived !== undefined;
  return { size: size ?? arrived, proof: isProven ? 'size' : 'final-reply' };
}

async function sizeAt({ session, dialogue, path }: End): Promise<number | undefined> {
  if (!mayHaveSize(session)) return undefined;
  const reply = await dialogue.ask(command('SIZE', path));
  return reply.code === 213 ? sizeOf(reply.text) : undefined;
}

function differs(
  session: Session,
  [from, to]: readonly [string, string],
  why: string,
): FivewireError {
  return session.control.connection.locate(
    new TransferError('ERR_TRANSFER_INCOMPLETE', `The copy is not whole: ${why}.`, {
      octets: 0,
      command: `STOR ${session.charset.decode(to)} of ${session.charset.decode(from)}`,
      phase: 'transfer',
      connection: 'usable',
      retry: 'later',
      hint: 'Copy it again.',
    }),
  );
}
