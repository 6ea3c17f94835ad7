/** In which order commands that came together are answered: RFC 9051 §5.5 leaves it to the server. */

/**
 * - `'one-by-one'`: each command with its data, then the next. The default.
 * - `'data-first'`: the data of all of them, then all tagged responses, as Dovecot does.
 * - `'interleaved'`: their data line by line in turn; a command's tagged response follows its last line.
 * - `'last-first'`: the last command is answered first.
 */
export type AnswerOrder = 'one-by-one' | 'data-first' | 'interleaved' | 'last-first';

/** What answers one command. */
export interface Answer {
  /** Untagged responses. */
  readonly data: Buffer[];
  tagged: Buffer;
}

const whole = ({ data, tagged }: Answer): Buffer[] => [...data, tagged];

const orders: Readonly<Record<AnswerOrder, (answers: readonly Answer[]) => Buffer[]>> = {
  'one-by-one': (answers) => answers.flatMap(whole),
  'data-first': (answers) => [
    ...answers.flatMap(({ data }) => data),
    ...answers.map(({ tagged }) => tagged),
  ],
  interleaved: (answers) => {
    const lines = answers.map(whole);
    const longest = Math.max(...lines.map(({ length }) => length));
    return Array.from({ length: longest }, (_, i) =>
      lines.flatMap((own) => own.slice(i, i + 1)),
    ).flat();
  },
  'last-first': (answers) => answers.toReversed().flatMap(whole),
};

export const inOrder = (order: AnswerOrder, answers: readonly Answer[]): Buffer[] =>
  orders[order](answers);

/**
 * Commands that only read, so that the result is the same in every order. Whatever changes something, or makes the client
 * wait for a continuation request, is answered by itself, after all that came before it.
 */
const reads = new Set([
  'FETCH',
  'SEARCH',
  'SORT',
  'THREAD',
  'STATUS',
  'LIST',
  'LSUB',
  'NOOP',
  'NAMESPACE',
]);

/** @param text a command line with its tag */
export function onlyReads(text: string): boolean {
  const [, verb = '', second = ''] = text.split(' ', 3);
  const name = verb.toUpperCase() === 'UID' ? second : verb;
  return reads.has(name.toUpperCase());
}
