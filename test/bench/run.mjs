// `npm run bench`: runs the suites, prints their tables, draws docs/bench/<suite>.svg. Exit status 1 for a void row.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawSuite } from './chart.mjs';
import { measureWork } from './measure.mjs';
import { formatTable } from './table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    'no-draw': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write('--rounds takes a whole number from 1\n');
  process.exit(64);
}

const here = new URL('.', import.meta.url);
const names = readdirSync(new URL('suites/', here)).map((file) => file.replace(/\.mjs$/, ''));
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`no suite ${unknown}; there are ${names.join(', ')}\n`);
  process.exit(64);
}

let voided = 0;
for (const name of positionals.length > 0 ? positionals : names) {
  const { default: works } = await import(new URL(`suites/${name}.mjs`, here));
  const rows = [];
  for (const work of works) {
    if (!values.json) process.stderr.write(`${name}: ${work.work} …\n`);
    rows.push(...(await measureWork(name, work, { rounds, full: values.full })));
  }
  voided += rows.filter((row) => row.void !== undefined).length;
  if (values.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else process.stdout.write(`\n${formatTable(name, rows)}\n`);
  if (!values['no-draw']) {
    mkdirSync(new URL('../../docs/bench/', here), { recursive: true });
    writeFileSync(new URL(`../../docs/bench/${name}.svg`, here), drawSuite(name, rows));
  }
}
process.exit(voided > 0 ? 1 : 0);
