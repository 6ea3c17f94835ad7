/** Delivery status notifications (RFC 3461) as `sendmail -N`, `-R` and `-V` ask for them. */
import type { Envelope } from '@fivewire/smtp';
import { type Args, type OptionSpec, optionalText } from '../context.js';
import { usage } from '../exit-code.js';
import { line } from '../output.js';

export type Dsn = NonNullable<Envelope['dsn']>;

export const dsnOptions: Readonly<Record<'notify' | 'return' | 'envelope-id', OptionSpec>> = {
  notify: {
    type: 'string',
    describe: '-N: report never, or on some of success,failure,delay (DSN)',
  },
  return: {
    type: 'string',
    describe: '-R: a report holds the message (full) or its header (hdrs)',
  },
  'envelope-id': { type: 'string', describe: '-V: a name that comes back in each report' },
};

/** A server without DSN gets the message all the same, as by sendmail. @throws Failure 64 */
export function dsnOf(args: Args): Dsn | undefined {
  const [notify, back, envelopeId] = ['notify', 'return', 'envelope-id'].map((name) =>
    optionalText(args[name]),
  );
  if (notify === undefined && back === undefined && envelopeId === undefined) return undefined;
  return {
    ...(notify === undefined ? {} : { notify: momentsOf(notify) }),
    ...(back === undefined ? {} : { return: returnOf(back) }),
    ...(envelopeId === undefined ? {} : { envelopeId: checkedId(envelopeId) }),
    optional: true,
  };
}

const moments = ['success', 'failure', 'delay'] as const;
type Moment = (typeof moments)[number];

function momentsOf(given: string): 'never' | Moment[] {
  const words = given.split(',').map((word) => word.trim().toLowerCase());
  if (words.length === 1 && words[0] === 'never') return 'never';
  const isMoment = (word: string): word is Moment => (moments as readonly string[]).includes(word);
  if (words.every(isMoment)) return words;
  throw usage(
    `-N ${line(given)} is no notification`,
    'Write never, or some of success,failure,delay.',
  );
}

function returnOf(given: string): 'full' | 'headers' {
  const word = given.toLowerCase();
  if (word === 'full') return 'full';
  if (/^(hdrs|headers)$/.test(word)) return 'headers';
  throw usage(`-R ${line(given)} is nothing that a report can hold`, 'Write full or hdrs.');
}

/** RFC 3461 §4.4: printable US-ASCII, and at most 100 characters where `+` and `=` take three. */
function checkedId(given: string): string {
  const isPrintable = /^[\x20-\x7e]+$/.test(given);
  const length = given.replace(/[+= ]/g, '+00').length;
  if (isPrintable && length <= 100) return given;
  throw usage(
    `-V ${line(given)} is no envelope id`,
    'It has at most 100 characters, of printable US-ASCII.',
  );
}
