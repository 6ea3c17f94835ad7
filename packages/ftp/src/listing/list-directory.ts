/**
 * One directory, by whatever way its server understands: MLSD (RFC 3659 §7) or LIST (RFC 959 §4.1.3), the path as an argument or
 * as the working directory for the time of the command.
 *
 * That nothing is there is never concluded from what was not understood: an empty answer, a refusal and lines that could not be
 * read are each asked about again, by the next way, until one of them says.
 */

import { callOf } from '../files/call-of.js';
import { isDirectory } from '../files/directory.js';
import { renamed } from '../files/entry-at.js';
import { command } from '../session/dialogue.js';
import {
  listedElsewhere,
  listsNothing,
  saysAbsent,
  saysUnknown,
  unreadable,
} from '../session/failures.js';
import { hasFeature, type Session } from '../session/session.js';
import { listingType } from '../transfer/transfer-type.js';
import type { CallOptions, ListOptions } from '../types.js';
import type { Entry } from './entry.js';
import { attempt, commandOf, type Verdict, type Way } from './listing-attempt.js';

/**
 * What one directory holds, itself and its parent left out; what is no directory is its own one entry.
 *
 * @param byList by LIST, though the server has MLSD: that leaves out links to nothing (ProFTPD)
 * @throws CommandError, as the server refused the last way
 */
export async function* listDirectory(
  session: Session,
  path: string,
  options: ListOptions,
  byList = false,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const hidden = options.hidden ?? false;
  let way: Way | undefined = byList
    ? listWay(session, path, hidden)
    : firstWay(session, path, hidden);
  let before: Verdict | undefined;
  while (way !== undefined) {
    const verdict: Verdict = yield* attempt(session, path, way, options, before);
    if (verdict.kind === 'whole') {
      if (verdict.isSuspect) await settle(session, path, way, verdict, options);
      return learn(session, path, way, verdict, before);
    }
    if (verdict.kind === 'own') return yield* ownEntry(session, path, options, verdict.entry);
    if (verdict.kind === 'empty' && (await isProvenEmpty(session, path, way, verdict, options)))
      return;
    const next = nextWay(session, path, way, verdict);
    if (next === undefined) return conclude(session, path, verdict, before, options);
    if (verdict.kind !== 'nowhere') before = verdict;
    way = next;
  }
}

/** For entries that have been given already: proves that they are those of `path`. */
async function settle(
  session: Session,
  path: string,
  way: Way,
  given: Verdict & { kind: 'whole' },
  options: ListOptions,
): Promise<void> {
  const suspect: Verdict = { kind: 'suspect', print: given.print, way };
  const again = attempt(session, path, { ...way, place: 'inside' }, options, suspect);
  let step = await again.next();
  while (!step.done) step = await again.next();
  if (step.value.kind !== 'whole' || step.value.print === given.print) return;
  session.traits.listArgument = 'ignored';
  throw session.control.connection.locate(listedElsewhere(way.verb));
}

/** A directory that has one file of its own name looks like that file's own line. */
async function* ownEntry(
  session: Session,
  path: string,
  options: ListOptions,
  entry: Entry,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const call = callOf(options);
  const isFile = !(
    (await isDirectory(session, path, call)) ?? !(await hasSize(session, path, call))
  );
  yield [isFile ? renamed(session, entry, path) : entry];
}

async function hasSize(session: Session, path: string, call: CallOptions): Promise<boolean> {
  const [reply] = await session.control.ask([command('SIZE', path)], call);
  return reply?.code === 213;
}

function firstWay(session: Session, path: string, hidden: boolean): Way {
  const mlsd = session.traits.mlsd && hasFeature(session, 'MLST');
  if (mlsd) return { verb: 'MLSD', all: false, place: placeFor(session, path, 'MLSD') };
  return listWay(session, path, hidden);
}

function listWay(session: Session, path: string, hidden: boolean): Way {
  // To systems of other kinds `-a` would be a name.
  const all = hidden && session.traits.listAll && listingType(session) === 'I';
  return { verb: 'LIST', all, place: placeFor(session, path, 'LIST') };
}

function placeFor(session: Session, path: string, verb: Way['verb']): Way['place'] {
  if (path === '' || path === '.') return 'bare';
  if (session.learned.home === null) return 'argument';
  if (session.traits.listArgument === 'ignored') return 'inside';
  // Servers take the argument of LIST for options, words and patterns; that of MLSD is a path (RFC 3659 §7.2).
  return verb === 'LIST' && isOdd(session, path) ? 'inside' : 'argument';
}

/** Blanks, brackets and wildcards mean something to `ls` and to shells. On VMS brackets are how paths are written. */
export function isOdd({ system }: Session, path: string): boolean {
  return /[\s[\]{}*?~]/.test(path) && !(/VMS/i.test(system) && path.includes('['));
}

/** @returns `undefined` where there is no other way */
function nextWay(session: Session, path: string, way: Way, verdict: Verdict): Way | undefined {
  const { traits } = session;
  const mayEnter = way.place === 'argument' && session.learned.home !== null;
  switch (verdict.kind) {
    case 'nowhere': // there would be no way back
      return { ...way, place: 'argument' };
    case 'suspect':
      return mayEnter ? { ...way, place: 'inside' } : undefined;
    case 'empty':
      if (way.all) return { ...way, all: false };
      return mayEnter ? { ...way, place: 'inside' } : undefined;
    case 'unread':
      if (way.all) return { ...way, all: false };
      return way.verb === 'MLSD' ? listWay(session, path, false) : undefined;
    case 'refused': {
      if (verdict.byCwd) return undefined;
      if (way.all) return { ...way, all: false };
      const unknown = saysUnknown(verdict.answer) || verdict.answer.code === 504;
      const odd = isOdd(session, path);
      if (!unknown && !odd && saysAbsent(verdict.answer)) return undefined;
      if (way.verb === 'LIST') return mayEnter ? { ...way, place: 'inside' } : undefined;
      if (unknown) traits.mlsd = false;
      else if (odd && mayEnter) return { ...way, place: 'inside' };
      return listWay(session, path, false);
    }
    default:
      return undefined;
  }
}

/** What this way has shown of the server, beside what the directory holds. */
function learn(
  { traits }: Session,
  path: string,
  way: Way,
  verdict: Verdict & { kind: 'whole' },
  before: Verdict | undefined,
): void {
  if (way.place === 'argument' && traits.listArgument === 'unproven') {
    const { print, isSuspect } = verdict;
    const given = commandOf(way);
    const { listed } = traits;
    traits.listed ??= { path, command: given, print };
    // Two paths showed two things; or one was gone into, and the same is there.
    const differs = listed?.command === given && listed.print !== print;
    if (isSuspect || differs) traits.listArgument = 'obeyed';
  }
  if (before?.kind === 'suspect') {
    traits.listArgument = before.print === verdict.print ? 'obeyed' : 'ignored';
  }
  if (before === undefined || way.verb !== 'LIST' || verdict.entries === 0) return;
  if (before.way.all && before.way.place === way.place) traits.listAll = false;
  const passes = before.kind === 'refused' && Number(before.answer.code) < 500;
  if (before.way.verb === 'MLSD' && before.kind !== 'suspect' && !passes) traits.mlsd = false;
}

/** Where the server obeys its argument and the path is a plain one, going in is proof enough. */
async function isProvenEmpty(
  session: Session,
  path: string,
  way: Way,
  verdict: Verdict & { kind: 'empty' },
  options: ListOptions,
): Promise<boolean> {
  if (way.all && !verdict.showsItself) return false;
  if (way.place !== 'argument') return true;
  if (isOdd(session, path)) return false;
  if (verdict.showsItself) return true;
  // A server that ignores its argument would show what it showed before.
  const { listArgument, listed } = session.traits;
  if (listArgument !== 'obeyed' && listed?.command !== commandOf(way)) return false;
  const call = callOf(options);
  return (await isDirectory(session, path, call)) === true;
}

async function conclude(
  session: Session,
  path: string,
  verdict: Verdict,
  before: Verdict | undefined,
  options: ListOptions,
): Promise<void> {
  const { connection } = session.control;
  const unread = [verdict, before].find((one) => one?.kind === 'unread');
  if (verdict.kind === 'refused') throw verdict.error;
  if (verdict.kind === 'nowhere' && before?.kind === 'refused') throw before.error;
  if (unread?.kind !== 'unread') return;
  const isEmpty =
    listsNothing(unread.problem) && (await isDirectory(session, path, callOf(options))) !== false;
  if (!isEmpty) throw connection.locate(unreadable(unread.problem));
}
