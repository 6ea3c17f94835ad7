/** Wildmats, RFC 3977 §4: patterns joined by commas, `!` takes back, the rightmost match counts. */

export function matchesWildmat(wildmat: string, name: string): boolean {
  const patterns = wildmat.split(',').reverse();
  const decisive = patterns.find((pattern) => toExpression(pattern.replace(/^!/, '')).test(name));
  return decisive !== undefined && !decisive.startsWith('!');
}

/** Adjoining stars are one star, and none of them backtracks over another's text needlessly: names are short here. */
function toExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
