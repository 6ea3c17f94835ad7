/** What a file is said to be: MFMT, MFCT and MFF (draft-somers-ftp-mfxx), SITE UTIME where there is none of them. */
import { type CommandError, escapeText, type Reply, UsageError } from '@fivewire/line-protocol';
import { command } from '../session/dialogue.js';
import { rejected, saysUnknown } from '../session/failures.js';
import { missing } from '../session/missing.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions } from '../types.js';

/** YYYYMMDDhhmmss in UTC, RFC 3659 §2.3. @throws UsageError ERR_ARGUMENT */
export function timeDigits(time: Date, argument = 'time'): string {
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) {
    throw wrong(argument, 'The time is no valid Date.');
  }
  const digits = time.toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  if (digits.length !== 14) throw wrong(argument, 'The year needs four digits.');
  return digits;
}

/** MFMT; older than it, and in no RFC: MDTM with a time ahead of the path (IIS, Serv-U), and SITE UTIME in its two forms. */
export async function changeModified(
  session: Session,
  path: string,
  time: Date,
  options: CallOptions,
): Promise<void> {
  const digits = timeDigits(time);
  const { control, features, transport } = session;
  const may = (name: string) =>
    !transport.disable.has(name) && (features.size === 0 || features.has(name));
  let refusal: CommandError | undefined;
  const ask = async (line: ReturnType<typeof command>): Promise<Reply> => {
    const [reply] = (await control.ask([line], options)) as [Reply];
    if (reply.class >= 4) refusal = control.connection.locate(rejected(reply, line.masked));
    return reply;
  };
  if (may('MFMT')) {
    const reply = await ask(command('MFMT', digits, path));
    if (reply.class === 2) return;
    if (!saysUnknown(reply)) throw refusal;
  }
  if (may('MDTM')) {
    const reply = await ask(command('MDTM', digits, path));
    if (reply.class === 2) return;
    if (!may('MFMT') && !saysUnknown(reply) && !takesUtime(session)) {
      // A server that reads all of it as a path has no such file: it can't set times.
      throw missing(session, 'MFMT', 'set modification times', refusal);
    }
  }
  if (takesUtime(session)) {
    const long = command('SITE', 'UTIME', path, digits, digits, digits, 'UTC'); // Pure-FTPd, ProFTPD
    const reply = await ask(long);
    if (reply.class === 2) return;
    if (reply.code >= 500 && reply.code <= 504) {
      const short = await ask(command('SITE', 'UTIME', digits, path));
      if (short.class === 2) return;
    }
  }
  throw may('MFMT') && refusal !== undefined
    ? refusal
    : missing(session, 'MFMT', 'set modification times', refusal);
}

function takesUtime({ features, transport }: Session): boolean {
  if (transport.disable.has('SITE UTIME')) return false;
  return (features.get('SITE') ?? []).some((line) => /\bUTIME\b/i.test(line));
}

/** @param digits of the time, by {@link timeDigits} */
export async function changeCreated(
  session: Session,
  path: string,
  digits: string,
  options: CallOptions,
): Promise<void> {
  const { control } = session;
  if (hasFeature(session, 'MFCT')) {
    await control.demand(command('MFCT', digits, path), options);
  } else if (changeable(session).has('create')) {
    await control.demand(command('MFF', `create=${digits};`, path), options);
  } else throw missing(session, 'MFCT', 'set times of creation');
}

/** The facts that MFF says it changes, in lower case. */
export function changeable(session: Session): ReadonlySet<string> {
  if (!hasFeature(session, 'MFF')) return new Set();
  const listed = (session.features.get('MFF') ?? []).join('').toLowerCase();
  return new Set(
    listed
      .split(';')
      .map((fact) => fact.trim())
      .filter((fact) => fact !== ''),
  );
}

/** @param written facts, by {@link writeFacts} */
export async function changeFacts(
  session: Session,
  path: string,
  written: string,
  options: CallOptions,
): Promise<void> {
  if (!hasFeature(session, 'MFF')) throw missing(session, 'MFF', 'change facts');
  await session.control.demand(command('MFF', written, path), options);
}

// mff = "MFF" SP *( fact "=" value ";" ) SP pathname
/** @throws UsageError ERR_ARGUMENT */
export function writeFacts(facts: unknown): string {
  if (
    typeof facts !== 'object' ||
    facts === null ||
    Array.isArray(facts) ||
    facts instanceof Date
  ) {
    throw wrong('facts', 'The facts are no object.');
  }
  const pairs = Object.entries(facts);
  if (pairs.length === 0) throw wrong('facts', 'There is no fact to change.');
  return pairs.map(([name, value]) => `${factName(name)}=${factValue(name, value)};`).join('');
}

function factName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw wrong('facts', `${escapeText(name, 40)} is no name of a fact.`);
}

function factValue(name: string, value: unknown): string {
  if (value instanceof Date) return timeDigits(value, 'facts');
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    return /mode$/i.test(name) ? value.toString(8).padStart(4, '0') : String(value);
  }
  if (typeof value === 'string' && /^[\x21-\x3a\x3c-\x7e]{1,255}$/.test(value)) return value;
  throw wrong('facts', `The value of ${name} can't be written.`);
}

function wrong(argument: string, message: string): UsageError {
  return new UsageError('ERR_ARGUMENT', message, { protocol: 'ftp', argument });
}
