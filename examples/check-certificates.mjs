// Prints whose certificate each server shows and how the connection is protected. Exit status 1 if one is refused.
//
//   npm install @fivewire/ftp @fivewire/imap @fivewire/nntp @fivewire/pop3 @fivewire/smtp
//   node examples/check-certificates.mjs imaps://imap.example.org smtp://smtp.example.org …
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';

const clients = {
  ftp: FtpClient,
  imap: ImapClient,
  nntp: NntpClient,
  pop3: Pop3Client,
  smtp: SmtpClient,
};

for (const url of process.argv.slice(2)) {
  const protocol = /^[a-z]+3?/.exec(url)[0].replace(/s$/, '');
  try {
    const client = await clients[protocol].connect(url);
    const { protocol: version, cipher, matchedName, fingerprint256 } = client.security;
    console.log(`${url}: ${matchedName}, ${version} ${cipher}, ${fingerprint256.slice(0, 23)}…`);
    await client.quit();
  } catch (error) {
    console.log(`${url}: ${error.code}: ${error.message}${error.hint ? `. ${error.hint}` : ''}`);
    process.exitCode = 1;
  }
}
