// Mails a file as an attachment and prints what the server said to each recipient.
//
//   npm install @fivewire/smtp @fivewire/compose
//   MAIL_PASSWORD=… node examples/send-report.mjs smtp://alice@smtp.example.org report.csv bob@example.org …
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { sendMail } from '@fivewire/compose';
import { SmtpClient } from '@fivewire/smtp';

const [url, file, ...to] = process.argv.slice(2);
const smtp = await SmtpClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
try {
  const { result } = await sendMail(smtp, {
    from: process.env.MAIL_FROM ?? 'alice@example.org',
    to,
    subject: `Report: ${basename(file)}`,
    text: 'The report is attached.',
    attachments: [{ filename: basename(file), content: createReadStream(file) }],
  });
  console.log(`${result.bytes} octets sent`);
  for (const { address, reply } of result.accepted)
    console.log(`accepted ${address}: ${reply.code} ${reply.text}`);
  for (const { address, reply } of result.refused)
    console.log(`refused ${address}: ${reply.code} ${reply.text}`);
  if (result.refused.length > 0) process.exitCode = 1;
} finally {
  await smtp.quit();
}
