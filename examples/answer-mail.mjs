// Waits for mail, answers each message and moves it to another mailbox. Ends by Ctrl-C, or after so many messages.
//
//   npm install @fivewire/imap @fivewire/smtp
//   MAIL_PASSWORD=… node examples/answer-mail.mjs imaps://help@imap.example.org smtp://help@smtp.example.org Answered [10]
import { ImapClient } from '@fivewire/imap';
import { SmtpClient } from '@fivewire/smtp';

const [imapUrl, smtpUrl, target = 'Answered', most = 'Infinity'] = process.argv.slice(2);
const auth = { password: process.env.MAIL_PASSWORD };
const me = process.env.MAIL_FROM ?? 'help@example.org';
const leave = new AbortController();
process.once('SIGINT', () => leave.abort());

/** Robots are not answered (RFC 3834 §2), or two of them would never stop. */
const isFromRobot = ({ headers }) =>
  (headers.get('Auto-Submitted') ?? 'no') !== 'no' ||
  headers.has('List-Id') ||
  /^(?:bulk|junk|list)$/i.test(headers.get('Precedence') ?? '');

const answerTo = ({ envelope }, to) =>
  [
    `From: ${me}`,
    `To: ${to}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'Subject: We have your message',
    ...(envelope.messageId ? [`In-Reply-To: ${envelope.messageId}`] : []),
    'Auto-Submitted: auto-replied',
    '',
    'Thank you. A person will read it.',
    '',
  ].join('\r\n');

let answered = 0;
const imap = await ImapClient.connect(imapUrl, { auth });
try {
  const archive = await imap.personal(target);
  await imap.create(archive).catch((error) => {
    if (!error.reply?.enhanced?.includes('ALREADYEXISTS')) throw error;
  });
  const inbox = await imap.open('INBOX');
  // `from: 1`: what is there already comes first.
  for await (const event of imap.watch('INBOX', { from: 1, signal: leave.signal })) {
    if (event.type !== 'new') continue;
    const wanted = { envelope: true, headers: ['Auto-Submitted', 'List-Id', 'Precedence'] };
    for await (const message of inbox.fetch(event.uids, wanted)) {
      const [sender] = message.envelope.replyTo.concat(message.envelope.from);
      if (sender?.address && !isFromRobot(message)) {
        const smtp = await SmtpClient.connect(smtpUrl, { auth });
        await smtp.send({ from: me, to: [sender.address] }, answerTo(message, sender.address));
        await smtp.quit();
        console.log(`answered ${sender.address}`);
      }
      await inbox.move(message.uid, archive);
      if (++answered >= Number(most)) leave.abort();
    }
  }
  await inbox.close();
} finally {
  await imap.quit();
}
