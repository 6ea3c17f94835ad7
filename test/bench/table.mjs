// Rows as a table for a terminal: figures as median (min–max), ratios of CPU, and whether the target was met.

export function formatTable(suite, rows) {
  const lines = [['work', 'contender', 'CPU s', 'wall s', 'RSS MB', 'CPU ratio', 'target', 'met']];
  for (const row of rows) {
    lines.push([
      row.work,
      row.contender,
      range(row.cpuSeconds, 1),
      range(row.wallSeconds, 1),
      range(row.rssBytes, 1e-6, 0),
      Object.entries(row.ratios)
        .map(([peer, ratio]) => `${ratio.toFixed(2)} × ${peer}`)
        .join(', '),
      row.target ?? '',
      row.void !== undefined ? `VOID: ${row.void}` : verdicts[String(row.met)],
    ]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  const spreads = [...new Map(rows.map((row) => [row.work, row.spread]))].map(
    ([work, spread]) => `${work} ±${(spread * 100).toFixed(0)} %`,
  );
  return [
    `${suite}: medians of ${rows[0]?.rounds} rounds (least–most); spread: ${spreads.join(', ')}`,
    ...text,
  ].join('\n');
}

const verdicts = { true: 'met', false: 'NOT MET', undecided: 'undecided', undefined: '' };

const range = ({ median, min, max }, unit, digits = 2) =>
  `${(median * unit).toFixed(digits)} (${(min * unit).toFixed(digits)}–${(max * unit).toFixed(digits)})`;
