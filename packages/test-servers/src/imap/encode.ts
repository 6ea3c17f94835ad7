/** Values in responses, RFC 9051 §9. Octets are Latin-1 text. */

/** A quoted string where that can hold it, else a literal. */
export function encodeString(text: string): string {
  return /^[\x20-\x7e]{0,900}$/.test(text)
    ? `"${text.replace(/["\\]/g, '\\$&')}"`
    : encodeLiteral(text);
}

export function encodeLiteral(text: string): string {
  return `{${text.length}}\r\n${text}`;
}

/** nstring: `undefined` is NIL. */
export function encodeNString(text: string | undefined): string {
  return text === undefined ? 'NIL' : encodeString(text);
}

/** `17-Jul-2026 02:44:25 +0000`, always in UTC. */
export function encodeDateTime(date: Date): string {
  const [, day, month, year, clock] = date.toUTCString().split(' ');
  return `"${day}-${month}-${year} ${clock} +0000"`;
}

const monthNames = [
  'jan',
  'feb',
  'mar',
  'apr',
  'may',
  'jun',
  'jul',
  'aug',
  'sep',
  'oct',
  'nov',
  'dec',
];

/** date-time = `"17-Jul-2026 02:44:25 +0200"`, with the day padded by a space. */
export function parseDateTime(text: string): Date | undefined {
  const match = /^ ?(\d{1,2})-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})$/i.exec(text);
  if (!match) return undefined;
  const [, day = '', month = '', year, hour, minute, second, zone] = match;
  const number = monthNames.indexOf(month.toLowerCase()) + 1;
  const date = new Date(
    `${year}-${pad(number)}-${day.padStart(2, '0')}T${hour}:${minute}:${second}${zone?.slice(0, 3)}:${zone?.slice(3)}`,
  );
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** date = `17-Jul-2026`, as days since 1970. */
export function parseDate(text: string): number | undefined {
  const match = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(text);
  const month = monthNames.indexOf((match?.[2] ?? '').toLowerCase());
  if (!match || month < 0) return undefined;
  return Date.UTC(Number(match[3]), month, Number(match[1])) / 86_400_000;
}

const pad = (number: number): string => String(number).padStart(2, '0');
