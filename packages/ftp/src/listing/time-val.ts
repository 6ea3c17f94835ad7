/**
 * Times as MDTM and the facts of MLST write them, RFC 3659 §2.3: `YYYYMMDDHHMMSS[.sss]`, in UTC.
 *
 * What servers make of it is read where it can mean one moment only; what can't be read is no time, never a wrong one.
 */
import { wallClock } from './calendar.js';
import type { Draft } from './entry.js';

/** A moment, and how exactly it was told. */
export type TimeVal = Required<Pick<Draft, 'modified' | 'precision' | 'zone'>>;

export function readTimeVal(text: string): TimeVal | undefined {
  const parts = timeVal.exec(text);
  if (parts === null) return undefined;
  const [, year = '', , month, day, hour, , minute, second, fraction, zone = ''] = parts;
  const ahead = aheadOfUtc(zone);
  const time = wallClock(
    yearOf(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second ?? 0),
  );
  if (time === undefined || ahead === undefined) return undefined;
  const milliseconds = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  const precision =
    second === undefined ? 'minute' : fraction === undefined ? 'second' : 'millisecond';
  return { modified: new Date(time + milliseconds - ahead), precision, zone: 'utc' };
}

/** The year, a digit too long where a server writes "19" and the years since 1900: `19100` is 2000, `19124` is 2024. */
const yearOf = (digits: string): number =>
  digits.length === 4 ? Number(digits) : 1900 + Number(digits.slice(2));

/** `Z`, `UTC` and `GMT` say what is so anyway; `+0200` is a clock that is ahead. In milliseconds. */
function aheadOfUtc(zone: string): number | undefined {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (parts === null) return 0;
  const [hours, minutes] = [Number(parts[2]), Number(parts[3] ?? 0)];
  if (hours > 14 || minutes > 59) return undefined;
  return (parts[1] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

// Some write the marks of ISO 8601 between the numbers.
const timeVal =
  /^[ \t]*(\d{4}|191\d\d)(-?)(\d\d)\2(\d\d)[T \t]?(\d\d)(:?)(\d\d)(?:\6(\d\d)(?:[.,](\d{1,49})|\.)?)?[ \t]*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?[ \t]*$/;
