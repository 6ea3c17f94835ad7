// `node tools/docs/terminal.mjs`: runs `npm start` and draws what it printed, when it printed it, as docs/site/public/start.svg.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const columns = 104;
/** Of the long table this many rows are shown; the others are counted. */
const rowsShown = 8;
const [lineHeight, charWidth, margin] = [19, 8.05, 16];

const recorded = [];
const started = Date.now();
const child = spawn('npm', ['start', '--silent'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(child, 'close');
for await (const text of createInterface({ input: child.stdout }))
  recorded.push({ text, at: (Date.now() - started) / 1000 });
const [code] = await ended;
if (code !== 0) throw new Error(`npm start ended with ${code}`);

const isRow = ({ text }) => / (?:accepted|refused) {2}/.test(text);
const rows = recorded.filter(isRow);
const hidden = rows.slice(rowsShown);
const shown = [{ text: '$ npm start', at: 0 }];
for (const line of recorded) {
  if (line === hidden[0])
    shown.push({
      text: `…     and ${hidden.length} rows more for IMAP, POP3, SMTP and NNTP`,
      at: hidden.at(-1).at,
    });
  if (!hidden.includes(line)) shown.push(line);
}

const entities = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const cut = (text) => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text);
const colour = (text) =>
  text.startsWith('$')
    ? 'p'
    : /\brefused {2}/.test(text)
      ? 'r'
      : /^\d+ passed/.test(text)
        ? 'b'
        : text.startsWith('…')
          ? 'm'
          : 'o';

const width = Math.ceil(columns * charWidth + 2 * margin);
const height = shown.length * lineHeight + 2 * margin;
const first = recorded[0].at;
const lines = shown.map(({ text, at }, index) => {
  const delay = Math.max(0, at - first + (index > 0 ? 0.4 : 0)).toFixed(2);
  const y = margin + 14 + index * lineHeight;
  return `<text class="${colour(text)}" x="${margin}" y="${y}" style="animation-delay:${delay}s" xml:space="preserve">${entities(cut(text))}</text>`;
});

writeFileSync(
  `${root}docs/site/public/start.svg`,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What npm start prints: seven steps of a job, then who is accepted and refused on ten paths; ${entities(recorded.at(-1).text)}">
<style>
text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d7dee8;animation:show .01s linear both}
.p{fill:#fff;font-weight:bold}.r{fill:#ffb38a}.b{fill:#8fe3a1;font-weight:bold}.m{fill:#a9b4c2}
@keyframes show{from{opacity:0}to{opacity:1}}
@media (prefers-reduced-motion:reduce){text{animation:none}}
</style>
<rect width="100%" height="100%" rx="8" fill="#14202e"/>
${lines.join('\n')}
</svg>
`,
);
