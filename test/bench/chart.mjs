// A suite as an SVG: a bar a contender, as long as its median CPU seconds, with the range as a thin line.

const rowHeight = 22;
const left = 260;
const width = 900;
const barWidth = width - left - 110;

export function drawSuite(suite, rows) {
  const parts = [];
  let y = 44;
  for (const work of new Set(rows.map((row) => row.work))) {
    const group = rows.filter((row) => row.work === work);
    const longest = Math.max(...group.map((row) => row.cpuSeconds.max));
    parts.push(text(12, y + 4, work, 'font-weight="bold"'));
    y += 14;
    for (const row of group) {
      const { median, min, max } = row.cpuSeconds;
      const x = (seconds) => left + (seconds / longest) * barWidth;
      const ours = row.contender.startsWith('fivewire');
      parts.push(
        text(left - 10, y + 15, row.contender, 'text-anchor="end"'),
        `<rect x="${left}" y="${y + 3}" width="${(x(median) - left).toFixed(1)}" height="16" fill="${ours ? '#2563eb' : '#9ca3af'}"/>`,
        `<path d="M${x(min).toFixed(1)} ${y + 11}H${x(max).toFixed(1)}" stroke="#111827" stroke-width="1.5"/>`,
        text(x(max) + 8, y + 15, `${median.toFixed(2)} s`, ''),
      );
      y += rowHeight;
    }
    y += 26;
  }
  const title = `${suite}: client CPU seconds, medians of ${rows[0]?.rounds ?? 0} rounds`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    text(12, 24, title, 'font-size="15"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

const text = (x, y, content, attributes) =>
  `<text x="${x.toFixed(1)}" y="${y}" fill="#111827" ${attributes}>${escapeXml(content)}</text>`;

const escapeXml = (content) =>
  content.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
