// What is in a mailbox and who may see it: unread and large mail, discussions, quota, rights. One JSON line each; null where the server
// does not offer it.
//
//   npm install @fivewire/imap
//   MAIL_PASSWORD=… node examples/mailbox-report.mjs imaps://alice@imap.example.org INBOX
import { ImapClient } from '@fivewire/imap';

const [url, name = 'INBOX'] = process.argv.slice(2);

/** Null for what the server does not have; anything else that goes wrong is an error. */
const ifOffered = (work) =>
  work.catch((error) => {
    if (error.code === 'ERR_EXTENSION_REQUIRED') return null;
    throw error;
  });
const tell = (what, value) => console.log(JSON.stringify({ [what]: value }));
const size = (thread) => 1 + thread.children.reduce((sum, child) => sum + size(child), 0);

const imap = await ImapClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  const box = await imap.open(name, { readOnly: true });
  tell('unread', await box.count({ seen: false }));
  const lately = { since: new Date(Date.now() - 7 * 86_400_000), not: { from: 'noreply' } };
  tell('lately', await box.summary(lately));
  tell('largest', (await ifOffered(box.sort('-size')))?.slice(0, 3) ?? null);
  const threads = await ifOffered(box.thread('REFERENCES', { deleted: false }));
  tell('longest discussion', threads && Math.max(0, ...threads.map(size)));
  const attached = [];
  for await (const message of box.fetch('1:*', { structure: true, envelope: true }))
    for (const { filename, type } of message.attachments())
      attached.push({ subject: message.envelope.subject, filename, type });
  tell('attachments', attached);
  tell('quota', await ifOffered(imap.quota(name)));
  tell('rights', await ifOffered(imap.acl(name)));
  tell('mine', await ifOffered(imap.myRights(name)));
  await box.close();
} finally {
  await imap.quit();
}
