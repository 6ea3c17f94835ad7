// Collects a mailbox in remove mode, and dies by SIGKILL at the step that it is told, if at any: a wire event, a file written, a done().
//   node collect.mjs '{ "connect": {…}, "directory": "…", "dieAt": 7 }'
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fetchNew, fileUidStore, Pop3Client } from '@fivewire/pop3';

const { connect, directory, dieAt } = JSON.parse(process.argv[2]);
let steps = 0;
const step = () => {
  if (++steps === dieAt) process.kill(process.pid, 'SIGKILL');
};

/** From UIDL on, for before it nothing is at stake; the lines of one answer are one step, for between them nothing changes. */
let before;
const onEvent = ({ type, text }) => {
  if (before === undefined && text !== 'UIDL') return;
  if (type !== 'receive' || before !== type) step();
  before = type;
};

const store = await fileUidStore(join(directory, 'uids.jsonl'));
const pop = await Pop3Client.connect({ ...connect, log: onEvent });
for await (const mail of fetchNew(pop, store, { keep: 'none' })) {
  if (!mail.ok) throw mail.error;
  const octets = await buffer(mail.message);
  appendFileSync(join(directory, 'received.txt'), `${mail.uid}\n`);
  step();
  const name = createHash('sha256').update(mail.uid).digest('hex');
  const file = await open(join(directory, `${name}.eml`), 'w');
  await file.writeFile(octets);
  await file.datasync();
  await file.close();
  step();
  await mail.done();
  step();
}
const { committed } = await pop.quit();
step();
await store.close();
process.stdout.write(JSON.stringify({ steps, committed }));
