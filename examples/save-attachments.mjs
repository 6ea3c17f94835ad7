// Saves the attachments of unseen mail to a folder, and marks that mail as seen.
//
//   npm install @fivewire/imap
//   MAIL_PASSWORD=… node examples/save-attachments.mjs imaps://alice@imap.example.org ./attachments
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ImapClient } from '@fivewire/imap';

const [url, folder = '.'] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

const imap = await ImapClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  const inbox = await imap.open('INBOX');
  const unseen = await inbox.search({ seen: false });
  for await (const message of inbox.fetch(unseen, { structure: true })) {
    for (const { part, filename } of message.attachments()) {
      // A stranger chose the name: its last part alone is used, behind UID and part.
      const name = `${message.uid}-${part}-${basename(filename ?? 'unnamed').replace(/[^\w.-]/g, '_')}`;
      const file = createWriteStream(join(folder, name), { flags: 'wx' });
      await pipeline(message.body(part).decoded(), file);
      console.log(name);
    }
    await inbox.addFlags(message.uid, ['\\Seen']);
  }
  await inbox.close();
} finally {
  await imap.quit();
}
