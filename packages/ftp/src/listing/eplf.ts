/**
 * EPLF, the Easily Parsed LIST Format of publicfile.
 *
 *     +i8388621.44468,m839956783,r,s10376,<TAB>RFCEPLF
 */
import { type Dialect, wholeNumber } from './dialect.js';
import type { Draft } from './entry.js';

export function eplf(): Dialect {
  return {
    name: 'eplf',
    read(line) {
      if (line.charCodeAt(0) !== 43 /* + */) return undefined;
      const tab = line.indexOf('\t');
      if (tab < 1 || tab === line.length - 1) return undefined;
      const draft: Draft = { name: line.slice(tab + 1), type: 'other' };
      for (const fact of line.slice(1, tab).split(',')) take(draft, fact);
      return draft;
    },
  };
}

function take(draft: Draft, fact: string): void {
  const value = fact.slice(1);
  if (fact === '/') draft.type = 'directory';
  else if (fact === 'r') draft.type = 'file';
  else if (fact.startsWith('s')) draft.size = wholeNumber(value);
  else if (fact.startsWith('i')) draft.unique = value;
  else if (fact.startsWith('m')) takeTime(draft, wholeNumber(value));
  else if (fact.startsWith('up') && /^[0-7]{3,4}$/.test(fact.slice(2))) {
    draft.mode = Number.parseInt(fact.slice(2), 8);
  }
}

/** Seconds since 1970, and so UTC. A Date ends at 8.64e12 seconds. */
function takeTime(draft: Draft, seconds: number | undefined): void {
  if (seconds === undefined || seconds > 8.64e12) return;
  draft.modified = new Date(seconds * 1000);
  draft.precision = 'second';
  draft.zone = 'utc';
}
