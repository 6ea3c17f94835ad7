// Moves new mail from a POP3 server into a Maildir. A crash at any point loses nothing: a message is deleted from the
// server only after it is safely on disk.
//
//   npm install @fivewire/pop3
//   MAIL_PASSWORD=… node examples/collect-mail.mjs pop3s://alice@pop3.example.org ./Maildir
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchNew, fileUidStore, Pop3Client } from '@fivewire/pop3';

const [url, maildir] = process.argv.slice(2);
for (const folder of ['tmp', 'new', 'cur']) await mkdir(join(maildir, folder), { recursive: true });

const store = await fileUidStore(join(maildir, '.uids.jsonl')); // each line is on the disk before done() goes on
const pop3 = await Pop3Client.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  let count = 0;
  for await (const item of fetchNew(pop3, store, { remove: true })) {
    if (!item.ok) {
      console.error(`message ${item.number}: ${item.error.message ?? item.error.problem}`);
      continue;
    }
    const name = `${Date.now()}.${process.pid}_${++count}.${hostname()}`;
    await pipeline(item.message, createWriteStream(join(maildir, 'tmp', name), { flush: true }));
    await rename(join(maildir, 'tmp', name), join(maildir, 'new', name));
    await item.done();
  }
  const { committed } = await pop3.quit(); // only this deletes
  console.log(
    `${count} messages in ${maildir}, deletions ${committed === true ? 'done' : 'not confirmed'}`,
  );
} finally {
  pop3.close();
  await store.close();
}
