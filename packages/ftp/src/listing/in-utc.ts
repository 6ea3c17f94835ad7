/** Times of LIST in UTC, where MDTM proves how far the server's clock is ahead (`utcOffset: 'auto'`). */
import type { Reply } from '@fivewire/line-protocol';
import { callOf } from '../files/call-of.js';
import { isUnspeakable } from '../files/remote-path.js';
import { octetString } from '../session/charset.js';
import { command } from '../session/dialogue.js';
import { saysUnknown } from '../session/failures.js';
import { timeOf } from '../session/reply-text.js';
import type { Session } from '../session/session.js';
import { mayHave } from '../transfer/retrieve.js';
import type { CallOptions } from '../types.js';
import type { Entry } from './entry.js';
import { worthAsking } from './server-clock.js';

/** What LIST shows a time to, in milliseconds. A day alone has no time that could be moved. */
const units: Readonly<Partial<Record<Entry['precision'], number>>> = {
  minute: 60_000,
  second: 1_000,
};

/** Each halves what is left between two times that disagree. */
const mostRounds = 6;
/** MDTM of so many files that do not fit: the server means something else by it. */
const mostMisfits = 10;

/** The same entries; those whose time is proven have it in UTC, and say so. */
export async function inUtc(
  session: Session,
  entries: readonly Entry[],
  options: CallOptions,
): Promise<readonly Entry[]> {
  const { clock } = session.traits;
  if (clock === undefined) return entries;
  const asked = new Set<Entry>();
  for (let round = 0; round < mostRounds && !session.traits.clockIsOdd; round += 1) {
    const open = entries.filter((entry) => isOpen(session, entry) && !asked.has(entry));
    const files = new Map(
      open
        .filter(({ type, rawPath }) => type === 'file' && !isUnspeakable(octetString(rawPath)))
        .map((entry) => [timeShown(entry), entry]),
    );
    if (files.size === 0 || !mayHave(session, 'MDTM')) break;
    const chosen = worthAsking([...files.keys()]).map((time) => files.get(time) as Entry);
    await compare(session, chosen, options);
    for (const entry of chosen) asked.add(entry);
  }
  return shifted(session, entries);
}

/** As {@link inUtc}, by what is known already. */
export function shifted(session: Session, entries: readonly Entry[]): readonly Entry[] {
  const { clock } = session.traits;
  if (clock === undefined) return entries;
  for (const entry of entries) {
    if (entry.zone !== 'server' || units[entry.precision] === undefined) continue;
    const ahead = clock.aheadAt(timeShown(entry));
    if (ahead === undefined) continue;
    const modified = new Date(timeShown(entry) - ahead);
    Object.assign(entry, { modified, zone: 'utc' });
  }
  return entries;
}

const timeShown = ({ modified }: Entry): number => modified?.getTime() ?? 0;

const isOpen = ({ traits }: Session, entry: Entry): boolean =>
  entry.zone === 'server' &&
  units[entry.precision] !== undefined &&
  traits.clock?.aheadAt(timeShown(entry)) === undefined;

/** By MDTM of these. A file that has changed since it was listed does not fit, and proves nothing. */
async function compare(
  session: Session,
  files: readonly Entry[],
  options: CallOptions,
): Promise<void> {
  const { control, traits } = session;
  const lines = files.map(({ rawPath }) => command('MDTM', octetString(rawPath)));
  const replies = await control.ask(lines, callOf(options));
  files.forEach((file, at) => {
    const reply = replies[at] as Reply;
    const exact = reply.code === 213 ? timeOf(reply.text)?.modified?.getTime() : undefined;
    const fits =
      exact !== undefined &&
      traits.clock?.add(timeShown(file), exact, units[file.precision] as number);
    if (saysUnknown(reply)) traits.clockIsOdd = true;
    if (fits) traits.clockMisfits = 0;
    else traits.clockMisfits += 1;
  });
  if (traits.clockMisfits >= mostMisfits) traits.clockIsOdd = true;
}
