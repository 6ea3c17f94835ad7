// One of those that want the same directory at once; see made-once.test.ts.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeOnce } from './made-once.mjs';

process.once('message', () => {
  const [, , place] = process.argv;
  madeOnce(place, (aside) => {
    for (let i = 0; i < 50; i++) {
      mkdirSync(join(aside, `${i}`));
      writeFileSync(join(aside, `${i}`, 'file'), `${process.pid}`);
    }
  });
  const writers = new Set(
    readdirSync(place).map((name) => readFileSync(join(place, name, 'file'), 'latin1')),
  );
  if (readdirSync(place).length !== 50 || writers.size !== 1) process.exitCode = 1;
  process.disconnect();
});
process.send('ready');
