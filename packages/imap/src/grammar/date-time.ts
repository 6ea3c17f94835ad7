/** date-time and date-text (RFC 9051 §9), and the dates of message headers (RFC 5322 §3.3). */
import { UsageError } from 'tls-context-core';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const monthNumbers = new Map(months.map((name, number) => [name, number]));

/** date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE, always in UTC. */
export function encodeDateTime(date: Date): string {
  checkDate(date, 'date');
  const time = date.toISOString().slice(11, 19);
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `"${day}-${months[date.getUTCMonth()]}-${year(date)} ${time} +0000"`;
}

/**
 * date-text = date-day "-" date-month "-" date-year, for searches.
 * A Date counts by its day in UTC; a string is `YYYY-MM-DD`.
 */
export function encodeDate(date: Date | string): string {
  const day = typeof date === 'string' ? parseDay(date) : date;
  checkDate(day, 'date');
  return `${day.getUTCDate()}-${months[day.getUTCMonth()]}-${year(day)}`;
}

/**
 * The date-time of INTERNALDATE and SAVEDATE, without its quotes, or another form that names one instant and no other: with a weekday
 * that fits, a zone by its name, a year of two digits, as of RFC 5322 or ISO 8601, as of C's asctime with a zone. `undefined` for all else:
 * where the zone, the second or the order of day and month is for the reader to guess it is no date.
 */
export function parseDateTime(text: string): Date | undefined {
  if (fixedDateTime.test(text)) return parsed(text);
  const parts = otherForms
    .map((form) => form.exec(text)?.groups)
    .find((found) => found !== undefined);
  if (parts === undefined) return undefined;
  const zone = plainZone(parts.zone ?? '');
  if (zone === undefined) return undefined;
  const { month = '', day, hour, minute, second, weekday } = parts;
  const years = certainYear(parts.year ?? '');
  // Two digits of ISO 8601, or a name that may be written out.
  const name = /^\d/.test(month) ? months[Number(month) - 1] : nameOfMonth(month);
  const local = instant({ day, month: name, year: years, hour, minute, second, zone: '+0000' });
  if (local === undefined || (weekday !== undefined && !isOn(local, weekday))) return undefined;
  return instant({ day, month: name, year: years, hour, minute, second, zone });
}

const timeForm = '(?<hour>\\d{1,2}):(?<minute>\\d{2}):(?<second>\\d{2})(?:[.,]\\d{1,9})?';
const weekdayForm = '(?:(?<weekday>[a-z]{3,9}),? *)?';
/** With what stands behind it in mail and in JavaScript: `-0700 (PDT)`. */
const zoneForm = '(?<zone>[a-z]{1,3}|(?:GMT|UTC?)?[+-]\\d{2}:?\\d{2})(?: +\\([^()]*\\))?';
const otherForms = [
  `${weekdayForm}(?<day>\\d{1,2})[- ](?<month>[a-z]{3,9})[- ](?<year>\\d{2}|\\d{4}),? +${timeForm} *${zoneForm}`,
  `(?<year>\\d{4})-(?<month>\\d{2})-(?<day>\\d{2})(?:T| +)${timeForm} *${zoneForm}`,
  `(?<year>\\d{4})(?<month>\\d{2})(?<day>\\d{2})T(?<hour>\\d{2})(?<minute>\\d{2})(?<second>\\d{2})(?:[.,]\\d{1,9})?${zoneForm}`,
  `${weekdayForm}(?<month>[a-z]{3}) +(?<day>\\d{1,2}) +${timeForm} +${zoneForm} +(?<year>\\d{4})`,
  `${weekdayForm}(?<month>[a-z]{3}) +(?<day>\\d{1,2}) +${timeForm} +(?<year>\\d{4}) +${zoneForm}`,
  `${weekdayForm}(?<month>[a-z]{3}) +(?<day>\\d{1,2}),? +(?<year>\\d{4}) +${timeForm} +${zoneForm}`,
].map((form) => new RegExp(`^ *${form} *$`, 'i'));

/** As `+0000`, or a name that RFC 5322 §4.3 knows; `undefined` for what may be one zone or another. */
function plainZone(text: string): string | undefined {
  const [, digits] = /^(?:[a-z]{2,3})?([+-].*)$/i.exec(text) ?? [];
  if (digits === undefined) {
    const name = text.toUpperCase();
    return utcNames.has(name) || Object.hasOwn(namedZones, name) ? name : undefined;
  }
  const zone = digits.replace(':', '');
  // No place on earth is further away from UTC.
  return Number(zone.slice(1, 3)) > 14 || Number(zone.slice(3)) > 59 ? undefined : zone;
}

const utcNames = new Set(['GMT', 'UTC', 'UT', 'Z']);

/** No message is from before mail was; what may be of this century or of the last is of neither. */
function certainYear(digits: string): string | undefined {
  if (digits.length === 4) return digits;
  const short = Number(digits);
  if (short >= 70) return String(1900 + short);
  return short < 50 ? String(2000 + short) : undefined;
}

const longMonths =
  'january february march april may june july august september october november december'.split(
    ' ',
  );

function nameOfMonth(text: string): string | undefined {
  const at = longMonths.indexOf(text.toLowerCase());
  return at < 0 ? text : months[at];
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** Whether it is this day of the week, which may be cut short. */
const isOn = (date: Date, weekday: string): boolean =>
  weekdays[date.getUTCDay()]?.startsWith(weekday.toLowerCase()) ?? false;

/** Reads what has been found to have the one form that {@link Date.parse} was made for. */
const parsed = (text: string): Date => new Date(Date.parse(text));

/** `17-Jul-1996 02:44:25 -0700`, in just this form and within bounds: what servers send. */
const fixedDateTime =
  /^(?: [1-9]|0[1-9]|1\d|2[0-8])-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[12]\d{3} (?:[01]\d|2[0-3])(?::[0-5]\d){2} [+-][01]\d[0-5]\d$/;

/** `Wed, 17 Jul 1996 02:23:25 -0700`, in just this form: what mail programs write. */
const fixedMessageDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?:[1-9]|0[1-9]|1\d|2[0-8]) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [12]\d{3} (?:[01]\d|2[0-3])(?::[0-5]\d){2} [+-][01]\d[0-5]\d$/;

/**
 * The Date field of a message: `Wed, 17 Jul 1996 02:23:25 -0700 (PDT)`, obsolete forms included (RFC 5322 §4.3).
 * `undefined` for what is no date; the text itself stays in `envelope.dateText`.
 */
export function parseMessageDate(text: string): Date | undefined {
  if (fixedMessageDate.test(text)) return parsed(text);
  const found =
    /^\s*(?:[a-z]{3,9}\s*,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]{0,6}[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-]\d{4}|[a-z]{1,5})?/i.exec(
      text.slice(0, 100),
    );
  if (found === null) return undefined;
  const [, day, month, years, hour, minute, second, zone] = found as unknown as string[];
  return instant({ day, month, year: fullYear(years as string), hour, minute, second, zone });
}

interface DateParts {
  day: string | undefined;
  month: string | undefined;
  year: string | undefined;
  hour: string | undefined;
  minute: string | undefined;
  second: string | undefined;
  zone: string | undefined;
}

function instant(parts: DateParts): Date | undefined {
  const name = parts.month ?? '';
  const month = monthNumbers.get(name) ?? monthNumbers.get(capitalized(name)) ?? -1;
  const day = Number(parts.day);
  const fullYears = Number(parts.year);
  const hour = Number(parts.hour);
  const minute = Number(parts.minute);
  const seconds = Number(parts.second ?? 0);
  // 60: a leap second, which JavaScript does not have.
  const second = Math.min(seconds, 59);
  if (!(month >= 0 && day >= 1 && day <= 31 && fullYears >= 1)) return undefined;
  if (hour > 23 || minute > 59 || seconds > 60) return undefined;
  const local = new Date(0);
  local.setUTCFullYear(fullYears, month, day);
  if (local.getUTCDate() !== day) return undefined;
  local.setUTCHours(hour, minute, second);
  return new Date(local.getTime() - zoneMinutes(parts.zone) * 60_000);
}

/** zone = ("+" / "-") 4DIGIT, or one of RFC 5322 §4.3's names. An unknown name counts as UTC, as §4.3 says. */
function zoneMinutes(zone = '+0000'): number {
  const digits = /^([+-])(\d{2})(\d{2})$/.exec(zone);
  if (digits === null) return (namedZones[zone.toUpperCase()] ?? 0) * 60;
  const minutes = Number(digits[2]) * 60 + Number(digits[3]);
  return digits[1] === '-' ? -minutes : minutes;
}

const namedZones: Record<string, number> = {
  EDT: -4,
  EST: -5,
  CDT: -5,
  CST: -6,
  MDT: -6,
  MST: -7,
  PDT: -7,
  PST: -8,
};

/** RFC 5322 §4.3: two digits below 50 are 20xx, above 19xx; three digits count from 1900. */
function fullYear(digits: string): string {
  const number = Number(digits);
  if (digits.length >= 4) return digits;
  return String(number + (digits.length === 2 && number < 50 ? 2000 : 1900));
}

function parseDay(text: string): Date {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? new Date(`${text}T00:00:00Z`)
    : new Date(Number.NaN);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text)
    throw notADate('date', 'YYYY-MM-DD');
  return date;
}

function checkDate(date: Date, argument: string): void {
  const years = date instanceof Date ? date.getUTCFullYear() : Number.NaN;
  if (!(years >= 0 && years <= 9999)) throw notADate(argument, 'a valid Date');
}

const notADate = (argument: string, expected: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} must be ${expected}, with a year of four digits`, {
    argument,
  });

const year = (date: Date): string => String(date.getUTCFullYear()).padStart(4, '0');
const capitalized = (name: string): string =>
  name.charAt(0).toUpperCase() + name.slice(1).toLowerCase();
