// Saves the attachments of unseen mail to a folder, and marks that mail as seen.
//
//   MAIL_PASSWORD=… node examples/save-attachments.mjs imaps://alice@imap.example.org ./attachments
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ImapClient } from '@fivewire/imap';
import { MailParser } from 'mailparser';

const [url, folder = '.'] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

const imap = await ImapClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  const inbox = await imap.open('INBOX');
  const unseen = await inbox.search({ seen: false });
  for await (const message of inbox.fetch(unseen, { bodies: [''] })) {
    // The message streams through the parser: its size does not matter.
    const parser = message.body().pipe(new MailParser());
    for await (const part of parser) {
      if (part.type !== 'attachment') continue;
      // A stranger chose the name: its last part alone is used, behind the UID.
      const name = `${message.uid}-${basename(part.filename ?? 'unnamed').replace(/[^\w.-]/g, '_')}`;
      await pipeline(part.content, createWriteStream(join(folder, name), { flags: 'wx' }));
      part.release();
      console.log(name);
    }
    await inbox.addFlags([message.uid], ['\\Seen']);
  }
  await inbox.close();
} finally {
  await imap.quit();
}
