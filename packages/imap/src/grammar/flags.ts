/** flag = "\Answered" / … / flag-keyword / flag-extension (RFC 9051 §2.3.2, §9). */
import { decodeText } from '@fivewire/line-protocol';
import { backslash, type Lexer } from './lexer.js';

/** The flags that the RFC defines, by their lower-case names: servers differ in case, callers should not have to. */
const known = new Map(
  ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft', '\\Recent', '\\*'].map((flag) => [
    flag.toLowerCase(),
    flag,
  ]),
);

/** flag-list = "(" [flag *(SP flag)] ")". Gmail puts brackets into flags; some servers leave the spaces out. */
export function parseFlags(lexer: Lexer): string[] {
  const flags: string[] = [];
  if (lexer.nil()) return flags;
  lexer.list('flag-list', () => {
    const text = lexer.attempt('flag', () => lexer.astring('flag'));
    if (text === undefined) return;
    for (const flag of text.includes('\\', 1) ? text.split(/(?<!\\)(?=\\)/) : [text])
      flags.push(canonicalFlag(decodeText(flag)));
  });
  if (flags.length !== 1 || !isNil.test(flags[0] as string)) return flags;
  lexer.note('(NIL)');
  return [];
}

/** Flags without parentheses, or none at all. */
export function bareFlags(lexer: Lexer): string[] {
  lexer.note('no parentheses around the flags');
  const flags: string[] = [];
  for (; lexer.peek() === backslash; lexer.spaces()) flags.push(canonicalFlag(lexer.atom('flag')));
  return flags;
}

/** A flag-list of atoms with one space between them, as a text; `undefined` for anything else. */
export function plainFlags(text: string): readonly string[] | undefined {
  if (text === '()') return [];
  const flags = text.slice(1, -1).split(' ');
  const isPlain =
    text.startsWith('(') &&
    !isNil.test(text.slice(1, -1)) &&
    flags.every((flag) => /^\\?[!#-$&'+-Z^-z|}~]+$/.test(flag));
  return isPlain ? flags.map(canonicalFlag) : undefined;
}

const isNil = /^nil$/i;

/** \Recent says something about the session, not about the message (RFC 3501 §2.3.2; gone in RFC 9051). */
export const withoutRecent = (flags: readonly string[]): readonly string[] =>
  flags.includes('\\Recent') ? flags.filter((flag) => flag !== '\\Recent') : flags;

/** `\seen` as `\Seen`, with a backslash or a comma too many as well; a keyword as it is. */
export const canonicalFlag = (flag: string): string =>
  flag.charCodeAt(0) === 92
    ? (known.get(flag) ??
      known.get(flag.toLowerCase().replace(/^\\+/, '\\').replace(/,$/, '')) ??
      flag)
    : flag;
