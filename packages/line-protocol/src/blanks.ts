/**
 * Blanks in octets that stand as characters. `trim()` and `\s` of JavaScript know more of them: they take the octet A0, which ends `à` in UTF-8, for
 * a space of Latin-1, and cut the letter in two.
 */

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** Without spaces, tabs and line ends at both ends. @param octets each character an octet */
export function trimBlanks(octets: string): string {
  let end = octets.length;
  while (end > 0 && isBlank(octets.charCodeAt(end - 1))) end--;
  let start = 0;
  while (start < end && isBlank(octets.charCodeAt(start))) start++;
  return octets.slice(start, end);
}

/** The words between blanks. @param most the last of so many is all that is left, blanks and all */
export function wordsOf(octets: string, most: number = Number.POSITIVE_INFINITY): string[] {
  const words: string[] = [];
  let rest = trimBlanks(octets);
  while (rest !== '' && words.length < most - 1) {
    let end = 0;
    while (end < rest.length && !isBlank(rest.charCodeAt(end))) end++;
    words.push(rest.slice(0, end));
    while (end < rest.length && isBlank(rest.charCodeAt(end))) end++;
    rest = rest.slice(end);
  }
  if (rest !== '') words.push(rest);
  return words;
}
