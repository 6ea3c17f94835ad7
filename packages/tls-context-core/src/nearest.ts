/** Which of several names a user may have meant. */

/** The candidate with the fewest edits from `name`, the first of equals. `candidates` is not empty. */
export function nearest(name: string, candidates: readonly string[]): string {
  let best = candidates[0] ?? name;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates.slice(0, 200)) {
    const edits = editDistance(name, candidate.slice(0, 255));
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
