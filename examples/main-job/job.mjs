// The job itself, a function a protocol. Each prints what it did through `count`.
import { createHash } from 'node:crypto';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';
import { simpleParser } from 'mailparser';
import MailComposer from 'nodemailer/lib/mail-composer';

const sha256 = (octets) => createHash('sha256').update(octets).digest('hex');

export async function runJob(account, count) {
  const report = makeReport();
  const hash = sha256(report);
  await uploadAndCheck(account, report, hash, count);
  // The message is sent once IDLE runs, so that IDLE has something to announce.
  const uid = await awaitMail(account, hash, count, () => mailReport(account, report, count));
  await fetchByPop3(account, hash, count);
  await postSummary(account, hash, uid, count);
}

/** A thousand rows of figures, as a nightly job would write them. */
function makeReport() {
  const rows = ['station;reading;temperature'];
  for (let i = 0; i < 1_000; i++)
    rows.push(`station-${i % 7};${i};${(15 + 10 * Math.sin(i / 40)).toFixed(2)}`);
  return Buffer.from(`${rows.join('\r\n')}\r\n`);
}

const target = ({ servers, serverHostname, tls, auth }, protocol, security) => ({
  host: servers.host,
  port: servers.ports[protocol][security],
  security,
  serverHostname,
  tls,
  auth,
});

async function uploadAndCheck(account, report, hash, count) {
  const ftp = await FtpClient.connect(target(account, 'ftp', 'starttls'));
  try {
    await ftp.mkdir('/reports');
    await ftp.upload(report, '/reports/today.csv');
    const chunks = [];
    for await (const chunk of ftp.createReadStream('/reports/today.csv')) chunks.push(chunk);
    const back = Buffer.concat(chunks);
    count(
      sha256(back) === hash,
      `FTP over TLS: uploaded ${report.length} octets and read the same back (sha256 ${hash.slice(0, 12)}…)`,
    );
    const entry = await ftp.stat('/reports/today.csv');
    count(
      entry.size === report.length,
      `FTP over TLS: the server lists ${entry.size} octets, ${ftp.security.protocol} ${ftp.security.cipher}`,
    );
  } finally {
    await ftp.quit();
  }
}

async function mailReport(account, report, count) {
  const smtp = await SmtpClient.connect(target(account, 'smtp', 'starttls'));
  try {
    const message = new MailComposer({
      from: 'reports@fivewire.test',
      to: 'alice@fivewire.test',
      subject: 'Bericht für heute',
      text: 'The figures of today are attached.',
      attachments: [{ filename: 'today.csv', content: report }],
    }).compile();
    const result = await smtp.send(
      { from: 'reports@fivewire.test', to: ['alice@fivewire.test'] },
      message.createReadStream(),
    );
    const [recipient] = result.accepted;
    count(
      result.accepted.length === 1 && result.refused.length === 0,
      `SMTP with STARTTLS: ${result.bytes} octets accepted for ${recipient?.address}`,
    );
  } finally {
    await smtp.quit();
  }
}

async function awaitMail(account, hash, count, sendNow) {
  let sending;
  const log = ({ type, text }) => {
    if (type === 'send' && text.endsWith('IDLE')) sending ??= sendNow();
  };
  const imap = await ImapClient.connect({ ...target(account, 'imap', 'implicit-tls'), log });
  try {
    for await (const event of imap.watch(['INBOX'])) if (event.type === 'new') break;
    await sending;
    count(true, 'IMAP IDLE over implicit TLS: new mail was announced');
    const inbox = await imap.open('INBOX', { readOnly: true });
    try {
      const found = await inbox.search({ subject: 'Bericht' });
      for await (const message of inbox.fetch(found, { envelope: true, bodies: [''] })) {
        const { attachments } = await simpleParser(message.body());
        count(
          sha256(attachments[0].content) === hash,
          `IMAP: "${message.envelope.subject}", attachment ${attachments[0].filename} has the same sha256`,
        );
      }
      return found.last;
    } finally {
      await inbox.close();
    }
  } finally {
    await imap.quit();
  }
}

async function fetchByPop3(account, hash, count) {
  const pop3 = await Pop3Client.connect(target(account, 'pop3', 'starttls'));
  try {
    const { count: messages } = await pop3.stat();
    const parsed = await simpleParser(pop3.retrieve(messages));
    count(
      sha256(parsed.attachments[0].content) === hash,
      `POP3 with STLS: message ${messages} of ${messages} has the same attachment`,
    );
  } finally {
    await pop3.quit();
  }
}

async function postSummary(account, hash, uid, count) {
  const nntp = await NntpClient.connect(target(account, 'nntp', 'implicit-tls'));
  try {
    const subject = `Report ${hash.slice(0, 12)} filed as UID ${uid}`;
    await nntp.post(
      [
        'From: Reports <reports@fivewire.test>',
        'Newsgroups: fivewire.reports',
        `Subject: ${subject}`,
        `Message-ID: <${hash.slice(0, 12)}@fivewire.test>`,
        `Date: ${new Date().toUTCString()}`,
        '',
        'The report has been mailed.',
        '',
      ].join('\r\n'),
    );
    const group = await nntp.group('fivewire.reports');
    let found;
    for await (const row of nntp.overview({ from: group.low, to: group.high }))
      if (row.subject === subject) found = row;
    count(
      found !== undefined,
      `NNTP over implicit TLS: article ${found?.number} of ${group.name} in the overview: "${found?.subject}"`,
    );
  } finally {
    await nntp.quit();
  }
}
