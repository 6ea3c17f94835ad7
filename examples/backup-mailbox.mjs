// Backs a mailbox up: one file a message, flags beside them. Run it again and only what changed is fetched; it may be killed at any time.
//
//   npm install @fivewire/imap
//   MAIL_PASSWORD=… node examples/backup-mailbox.mjs imaps://alice@imap.example.org INBOX ./backup
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ImapClient } from '@fivewire/imap';

const [url, mailbox = 'INBOX', folder = 'backup'] = process.argv.slice(2);
const stateFile = join(folder, 'state.json');
const fileOf = (uid) => join(folder, `${uid}.eml`);
const count = { new: 0, flags: 0, vanished: 0 };

/** A file is there whole or not at all. */
async function replaceFile(name, write) {
  await write(`${name}.part`);
  await rename(`${name}.part`, name);
}

await mkdir(folder, { recursive: true });
const saved = await readFile(stateFile, 'utf8').catch(() => undefined);
const imap = await ImapClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  // Short messages come with their row, so that they cost no round trip each.
  for await (const event of imap.sync(mailbox, saved && JSON.parse(saved), { bodies: [''] })) {
    if (event.type === 'reset') {
      await rm(folder, { recursive: true });
      await mkdir(folder, { recursive: true });
    } else if (event.type === 'vanished') {
      for (const uid of event.uids) await rm(fileOf(uid), { force: true });
      count.vanished += event.uids.size;
    } else if (event.type === 'new') {
      await replaceFile(fileOf(event.uid), (part) =>
        pipeline(event.message.body(), createWriteStream(part)),
      );
      count.new++;
    } else count.flags++;
    // The flags of all messages are in the state.
    await replaceFile(stateFile, (part) => writeFile(part, JSON.stringify(event.state)));
  }
} finally {
  await imap.quit();
}
console.log(`${count.new} new, ${count.flags} with other flags, ${count.vanished} gone`);
