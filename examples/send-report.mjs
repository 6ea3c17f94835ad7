// Mails a file as an attachment and prints what the server said to each recipient.
//
//   MAIL_PASSWORD=… node examples/send-report.mjs smtp://alice@smtp.example.org report.csv bob@example.org …
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { SmtpClient } from '@fivewire/smtp';
import MailComposer from 'nodemailer/lib/mail-composer';

const [url, file, ...to] = process.argv.slice(2);
const from = process.env.MAIL_FROM ?? 'alice@example.org';

const smtp = await SmtpClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  const message = new MailComposer({
    from,
    to,
    subject: `Report: ${basename(file)}`,
    text: 'The report is attached.',
    attachments: [{ filename: basename(file), content: createReadStream(file) }],
  }).compile();
  const { accepted, refused, bytes } = await smtp.send({ from, to }, message.createReadStream());
  console.log(`${bytes} octets sent`);
  for (const { address, reply } of accepted)
    console.log(`accepted ${address}: ${reply.code} ${reply.text}`);
  for (const { address, reply } of refused)
    console.log(`refused ${address}: ${reply.code} ${reply.text}`);
  if (refused.length > 0) process.exitCode = 1;
} finally {
  await smtp.quit();
}
