/** The world in which the documentation's code runs: servers that stand for example.org and the providers, and files. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { IssuedCertificate, ThrowawayCa } from '@fivewire/test-servers';
import { type ExampleWorld, startExampleWorld } from '../support/example-runner.js';

/** Where programs can find the packages by name: below the root's node_modules. */
const providers = [
  ...['imap', 'smtp', 'pop'].map((name) => `${name}.gmail.com`),
  'outlook.office365.com',
  'smtp.office365.com',
  'smtp-mail.outlook.com',
  ...['imap', 'smtp', 'pop'].map((name) => `${name}.fastmail.com`),
  ...['imap', 'smtp'].map((name) => `${name}.mail.me.com`),
  ...['imap', 'smtp', 'pop'].map((name) => `${name}.mail.yahoo.com`),
  'news.eternal-september.org',
  'fill.example.net',
  'old.example.org',
  'new.example.org',
  '127.0.0.1',
];

const users = [
  'gmail.com',
  'outlook.com',
  'fastmail.com',
  'icloud.com',
  'yahoo.com',
  'proton.me',
].map((domain) => `alice@${domain}`);

/** The recipe of a provider runs on servers with its manners, as far as they are known. */
export const manners: Record<string, string> = {
  'docs/site/recipes/gmail.md': 'gmail',
  'docs/site/recipes/icloud.md': 'icloud',
  'docs/site/recipes/microsoft-365.md': 'exchange',
  'docs/site/recipes/proton-bridge.md': 'proton',
  'docs/site/recipes/usenet.md': 'usenet',
  'docs/site/recipes/yahoo.md': 'yahoo',
};

export async function startDocumentedWorld(
  home: string,
  given: { like?: string; ca?: ThrowawayCa } = {},
): Promise<ExampleWorld> {
  mkdirSync(home, { recursive: true });
  return startExampleWorld(home, {
    hosts: providers,
    users,
    groups: ['comp.lang.c', 'misc.test'],
    ...given,
    ports: { 1143: ['imap', 'starttls'], 1025: ['smtp', 'starttls'] },
  });
}

const report = [
  'From: Bob <bob@example.org>',
  'To: alice@example.org',
  'Subject: Report',
  'Date: Mon, 02 Nov 2026 10:00:00 +0000',
  'Message-ID: <report@example.org>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'The report is attached.',
  '--b',
  'Content-Type: text/csv; name="report.csv"',
  'Content-Disposition: attachment; filename="report.csv"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('a;b\r\n1;2\r\n').toString('base64'),
  '--b--',
  '',
].join('\r\n');

const hello = [
  'From: Carol <carol@example.org>',
  'To: alice@example.org',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'Date: Tue, 03 Nov 2026 10:00:00 +0000',
  'Message-ID: <hello@example.org>',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hello Alice.',
  '',
].join('\r\n');

const binary = 'From: bob@example.org\r\nNewsgroups: misc.test\r\nSubject: a.bin (1/1)\r\n';
const nzb = `<?xml version="1.0"?>
<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb"><file poster="bob" date="1" subject="&quot;a.bin&quot; (1/1)">
<groups><group>misc.test</group></groups><segments><segment bytes="3" number="1">part1@example.org</segment></segments></file></nzb>
`;

/** The same mail, files and articles before every snippet. */
export function refill({ servers }: ExampleWorld): void {
  const { mail, files, news } = servers;
  for (const user of ['alice', 'alice@example.org', ...users]) {
    for (const name of ['Archive', 'Archive/2026', 'Old', 'Reports', 'Done'])
      if (mail.mailbox(user, name)) mail.delete(user, name);
    for (const name of ['INBOX', 'Sent']) {
      const box = mail.mailbox(user, name);
      box?.remove(box.messages.map(({ uid }) => uid));
    }
    mail.create(user, 'Archive');
    mail.deliver(user, report);
    mail.deliver(user, hello);
  }
  mail.deliveries.length = 0;
  mail.relayed.length = 0;
  for (const path of ['/in', '/pub', '/www', '/reports', '/copy', '/log.gz']) files.remove(path);
  files.write('/pub/report.txt', 'All is well.\n', new Date('2026-11-02T10:00:00Z'));
  files.write('/pub/more/notes.txt', 'Notes.\n', new Date('2026-11-02T10:00:00Z'));
  files.write('/in/a.txt', 'a\n');
  files.write('/in/b.txt', 'b\n');
  files.write('/big.iso', Buffer.alloc(300_000, 'iso'));
  files.write('/log.gz', gzipSync('one line\n'));
  files.write('/www/old.html', '<p>old</p>\n');
  const group = 'comp.lang.javascript';
  for (let i = 1; i <= 3; i++) {
    if (news.article(`<${i}@example.org>`)) continue;
    const head = `From: bob@example.org\r\nNewsgroups: ${group}\r\nSubject: Article ${i}`;
    news.add(`${head}\r\nMessage-ID: <${i}@example.org>\r\n\r\nText ${i}.\r\n`);
  }
  if (!news.article('<part1@example.org>'))
    news.add(
      `${binary}Message-ID: <part1@example.org>\r\n\r\n=ybegin line=128 size=3 name=a.bin\r\n\x8b\x8c\x8d\r\n=yend size=3\r\n`,
    );
}

const clients = new WeakMap<ThrowawayCa, IssuedCertificate>();

/** A folder with the files that the pages speak of. */
export async function furnish(folder: string, { servers }: ExampleWorld): Promise<void> {
  const { ca } = servers;
  const client =
    clients.get(ca) ?? (await ca.issue({ usage: 'client', commonName: 'alice', names: [] }));
  clients.set(ca, client);
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['site/img', 'in', 'attachments'])
    mkdirSync(join(folder, name), { recursive: true });
  const files = {
    'report.csv': 'a;b\r\n1;2\r\n',
    'report.eml': report.replaceAll('bob@', 'alice@'),
    'big.eml': report,
    'recipients.txt': 'bob@example.org\ncarol@example.org\n',
    'site/index.html': '<p>Hello</p>\n',
    'site/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    'file.nzb': nzb,
    'report.pdf': '%PDF-1.4\n',
    'ca.pem': ca.certificate,
    'company-ca.pem': ca.certificate,
    'crl.pem': await ca.crl(),
    'client.pem': client.certificate,
    'client.key': client.key,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
