/** Any other command: the escape hatch. */

import { badOption, decodeText } from '@fivewire/line-protocol';
import { UsageError } from 'tls-context-core';
import type { CallOptions } from '../command.js';
import type { CommandRunner } from '../command-runner.js';
import { type Argument, atom, list, number, string, uidSet } from '../grammar/encoder.js';
import { UidSet } from '../grammar/sequence-set.js';

/** A string goes as a string, quoted; `{ atom }` as it is; an array as a parenthesised list. */
export type CommandArgument =
  | string
  | number
  | UidSet
  | { readonly atom: string }
  | readonly CommandArgument[];

export interface RawResult {
  /** The tagged OK's text. */
  text: string;
  /** Its response code, such as `'MODIFIED'`. */
  code?: { name: string; text: string };
  /** The untagged responses that came with it and that no other call had asked for, without `* `. */
  responses: { text: string; literals: Buffer[] }[];
}

/**
 * Commands that carry credentials, or change the state of the connection or the meaning of what comes on it: these have
 * methods, or none.
 */
const refused: Record<string, string> = {
  LOGIN: 'give `auth` to connect()',
  AUTHENTICATE: 'give `auth` to connect()',
  UNAUTHENTICATE: 'open another connection',
  STARTTLS: "use security: 'starttls'",
  COMPRESS: 'it changes the framing',
  SELECT: 'use open()',
  EXAMINE: 'use open(name, { readOnly: true })',
  CLOSE: 'use mailbox.close(); CLOSE also expunges',
  UNSELECT: 'use mailbox.close()',
  LOGOUT: 'use quit()',
  IDLE: 'use watch()',
  NOTIFY: 'it changes what the server sends',
  ENABLE: 'it changes what responses mean',
  APPEND: 'use append()',
};

/** Doing these twice is doing them once. What others do is not known here. */
const repeatable = new Set([
  'CAPABILITY',
  'CHECK',
  'DELETE',
  'EXPUNGE',
  'FETCH',
  'GETACL',
  'GETANNOTATION',
  'GETMETADATA',
  'GETQUOTA',
  'GETQUOTAROOT',
  'ID',
  'LIST',
  'LISTRIGHTS',
  'LSUB',
  'MYRIGHTS',
  'NAMESPACE',
  'NOOP',
  'SEARCH',
  'SETANNOTATION',
  'SETMETADATA',
  'SETQUOTA',
  'SORT',
  'STATUS',
  'STORE',
  'SUBSCRIBE',
  'THREAD',
  'UNSUBSCRIBE',
  'XLIST',
]);

const findOut =
  'The server may have carried it out: connect again and look at what it was to change before you send it once more.';

/** @throws UsageError `ERR_ARGUMENT` */
export function wordsOf(
  verb: string,
  args: readonly CommandArgument[] = [],
): { words: string[]; given: Argument[] } {
  const words = typeof verb === 'string' ? verb.toUpperCase().split(' ') : [verb];
  for (const word of words) atom(word, 'verb');
  const [first = '', second = ''] = words;
  if (words.length > (first === 'UID' ? 2 : 1)) {
    throw badOption('verb', 'must be one word, or two after UID', 'Give arguments in the list.');
  }
  const instead = refused[first === 'UID' ? second : first];
  if (instead !== undefined) {
    throw new UsageError('ERR_ARGUMENT', `command() does not send ${first}`, {
      protocol: 'imap',
      argument: 'verb',
      hint: `Instead: ${instead}.`,
    });
  }
  if (!Array.isArray(args))
    throw new UsageError('ERR_ARGUMENT', 'args must be a list', { argument: 'args' });
  return { words, given: args.map(argument) };
}

export async function rawCommand(
  runner: CommandRunner,
  verb: string,
  args: readonly CommandArgument[] = [],
  options?: CallOptions,
): Promise<RawResult> {
  const { words, given } = wordsOf(verb, args);
  const [first = '', second = ''] = words;
  const responses: RawResult['responses'] = [];
  const { text, code } = await runner.run(
    {
      verb: words.join(' '),
      args: given,
      ...(repeatable.has(first === 'UID' ? second : first) ? {} : { findOut }),
      claim: (response, frame) => {
        if (response.type === 'status' || response.type === 'capability') return false;
        // The session must see these as well.
        if (['exists', 'expunge', 'vanished', 'recent'].includes(response.type)) return false;
        if (responses.length >= runner.limits.unsolicited)
          throw runner.connection.exceeded('unsolicited', runner.limits.unsolicited);
        const literals = frame.literals.flatMap(({ octets }) =>
          octets === undefined ? [] : [octets],
        );
        responses.push({ text: decodeText(frame.text.replace(/^\* */, '')), literals });
        return true;
      },
    },
    options,
  );
  return {
    text,
    ...(code === undefined ? {} : { code: { name: code.name, text: code.text } }),
    responses,
  };
}

function argument(value: CommandArgument): Argument {
  if (typeof value === 'string') return string(value, 'args');
  if (typeof value === 'number') return number(value, 'args');
  if (value instanceof UidSet) return uidSet(value);
  if (Array.isArray(value)) return list(value.map(argument));
  if (typeof value === 'object' && value !== null && 'atom' in value)
    return atom(value.atom, 'args');
  throw new UsageError(
    'ERR_ARGUMENT',
    'An argument must be a string, a number, a UidSet, { atom } or a list of these',
    {
      argument: 'args',
    },
  );
}
