/**
 * nodemailer's `headers: { 'X-A': { prepared: true, value } }`: a value that it writes as it is. Folds may be in it (RFC 5322 §2.2.3), and no
 * other field.
 */
import { wrong } from './check-values.js';

/** @throws UsageError `ERR_ARGUMENT` for a value of the message, or of a part of it, that would begin another field */
export function checkPreparedFields(data: Readonly<Record<string, unknown>>): void {
  checkFields(data.headers, 'headers');
  for (const list of ['attachments', 'alternatives'])
    for (const [i, part] of entriesOf(data[list]))
      checkFields((part as { headers?: unknown } | null)?.headers, `${list}[${i}].headers`);
}

function checkFields(headers: unknown, argument: string): void {
  for (const [at, given] of entriesOf(headers)) {
    const pair = Array.isArray(headers) ? (given as Pair | null) : { key: at, value: given };
    for (const one of [pair?.value].flat()) {
      const { prepared, value } = (one ?? {}) as Prepared;
      if (prepared && typeof value === 'string' && /(?:\r\n|\r(?!\n)|\n)(?![ \t])|\0/.test(value))
        throw wrong(
          `${argument}.${pair?.key}`,
          'is prepared, and holds NUL or a line end without a blank behind it',
        );
    }
  }
}

interface Pair {
  key?: unknown;
  value?: unknown;
}

interface Prepared {
  prepared?: unknown;
  value?: unknown;
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
