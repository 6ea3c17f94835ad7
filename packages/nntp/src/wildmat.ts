/** Wildmats, RFC 3977 §4: which newsgroups a pattern means. */
import { UsageError } from '@fivewire/line-protocol';

// wildmat = wildmat-pattern *("," ["!"] wildmat-pattern)
// wildmat-pattern = 1*wildmat-item; "*" any sequence, "?" one character

export interface Wildmat {
  /** Whether a newsgroup name is meant. The rightmost pattern that matches decides. */
  test(name: string): boolean;
  toString(): string;
}

/**
 * Makes a matcher: `wildmat('comp.*,!comp.os.*').test('comp.lang.c')`. Takes time linear in pattern times name.
 * @throws UsageError ERR_ARGUMENT for what is no wildmat: empty parts, spaces, `[`, `]` and `\`
 */
export function wildmat(text: string): Wildmat {
  checkWildmat(text);
  const patterns = text.split(',').map((part) => ({
    negated: part.startsWith('!'),
    items: [...(part.startsWith('!') ? part.slice(1) : part)],
  }));
  return {
    test(name) {
      const characters = [...name];
      const decisive = patterns.findLast(({ items }) => matches(items, characters));
      return decisive !== undefined && !decisive.negated;
    },
    toString: () => text,
  };
}

/** Refuses what would not be one wildmat argument. */
export function checkWildmat(text: unknown): asserts text is string {
  const problem =
    typeof text !== 'string'
      ? 'is not a string'
      : /[\x00-\x20\x7f[\]\\]/.test(text)
        ? 'has a space, a control character, or one of [ ] \\'
        : text.split(',').some((part) => part.replace(/^!/, '') === '')
          ? 'has an empty part'
          : undefined;
  if (problem === undefined) return;
  throw new UsageError('ERR_ARGUMENT', `The wildmat ${problem}`, {
    protocol: 'nntp',
    argument: 'wildmat',
    hint: 'Write it as in comp.*,!comp.os.* (RFC 3977 section 4).',
  });
}

/** On a mismatch only the last star takes one character more, so that no input makes it explode. */
function matches(items: readonly string[], name: readonly string[]): boolean {
  let item = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    if (items[item] === '*') {
      star = item++;
      starAt = at;
    } else if (item < items.length && (items[item] === '?' || items[item] === name[at])) {
      item++;
      at++;
    } else if (star >= 0) {
      item = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (items[item] === '*') item++;
  return item === items.length;
}
