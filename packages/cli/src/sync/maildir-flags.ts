/** The letters behind `:2,` in a Maildir's names, and IMAP's flags. Keywords have no letter. */
const letters: readonly (readonly [string, string])[] = [
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
  ['P', '$Forwarded'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
];

/** `1852.fivewire:2,FS` → its unique name, and its letters. */
export function splitName(name: string): { unique: string; info: string } {
  const [, unique = name, info = ''] = /^(.*?):2,([A-Za-z]*)$/s.exec(name) ?? [];
  return { unique, info };
}

export const flagsOf = (info: string): string[] =>
  letters.filter(([letter]) => info.includes(letter)).map(([, flag]) => flag);

/** @param before letters of the name as it was: what others mean by lower-case ones stays */
export function infoOf(flags: readonly string[], before = ''): string {
  const wanted = new Set(flags.map((flag) => flag.toLowerCase()));
  const ours = letters
    .filter(([, flag]) => wanted.has(flag.toLowerCase()))
    .map(([letter]) => letter);
  const theirs = [...before].filter((letter) => !letters.some(([one]) => one === letter));
  return [...ours, ...theirs].sort().join('');
}

/** Those that a Maildir can show. */
export const inMaildir = (flags: readonly string[]): string[] => flagsOf(infoOf(flags));
