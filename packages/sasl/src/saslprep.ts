/** SASLprep (RFC 4013, a profile of RFC 3454) as SCRAM uses it (RFC 5802 sections 2.2 and 5.1). */
import { UsageError } from 'tls-context-core';
import {
  leftToRight,
  mappedToNothing,
  prohibited,
  rightToLeft,
  spaces,
  unassigned,
} from './stringprep-tables.js';

/**
 * A user name, as a query string (unassigned code points pass). A name that can't be prepared, or that is empty
 * once prepared, ends the exchange before it begins: RFC 5802 section 5.1.
 */
export function prepareUser(user: string): string {
  const prepared = prepare(user, true);
  if (prepared) return prepared;
  throw new UsageError('ERR_ARGUMENT', 'auth.user has characters that SASLprep prohibits', {
    argument: 'auth.user',
    hint: 'Look for control characters, invisible characters or mixed text directions in the user name.',
  });
}

/**
 * A password. RFC 5802 says to normalize it and not what to do where that fails, as it does for an emoji that Unicode
 * 3.2 did not know: then the octets go as they are, which is what servers do with a password they can't prepare.
 */
export const preparePassword = (password: string): string => prepare(password, false) || password;

/** RFC 4013 section 2; `undefined` where it prohibits the text. */
function prepare(text: string, allowUnassigned: boolean): string | undefined {
  if (/^[\x20-\x7e]*$/.test(text)) return text; // its own preparation
  // U+200B stands in both tables; others who prepare take it for a space.
  const mapped = codePoints(text).map((point) =>
    spaces(point) ? ' ' : mappedToNothing(point) ? '' : String.fromCodePoint(point),
  );
  const normalized = mapped.join('').normalize('NFKC');
  const points = codePoints(normalized);
  if (points.some(prohibited)) return undefined;
  if (!allowUnassigned && points.some(unassigned)) return undefined;
  return points.some(rightToLeft) && !isRightToLeft(points) ? undefined : normalized;
}

/** RFC 3454 section 6: no LCat character beside a RandALCat one, which must stand first and last. */
const isRightToLeft = (points: readonly number[]): boolean =>
  !points.some(leftToRight) &&
  [points.at(0), points.at(-1)].every((point) => rightToLeft(point as number));

const codePoints = (text: string): number[] =>
  Array.from(text, (character) => character.codePointAt(0) as number);
