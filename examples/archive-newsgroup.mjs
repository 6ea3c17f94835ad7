// Appends the articles of a newsgroup that are not there yet to an mbox file.
//
//   npm install @fivewire/nntp
//   MAIL_PASSWORD=… node examples/archive-newsgroup.mjs nntps://alice@news.example.org misc.test misc.test.mbox

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { NntpClient } from '@fivewire/nntp';

const [url, name, file] = process.argv.slice(2);
const known = new Set(
  [...(await readFile(file, 'latin1').catch(() => '')).matchAll(/^message-id:\s*(\S+)/gim)].map(
    (match) => match[1],
  ),
);

const nntp = await NntpClient.connect(url, { auth: { password: process.env.MAIL_PASSWORD } });
const archive = createWriteStream(file, { flags: 'a' });
try {
  const group = await nntp.group(name);
  const wanted = [];
  for await (const row of nntp.overview({ from: group.low, to: group.high })) {
    if (row.messageId !== undefined && !known.has(row.messageId)) wanted.push(row.number);
  }
  // Pipelined: several articles are under way at once, and come in order.
  for await (const result of nntp.articles(wanted)) {
    if (!result.ok) continue; // cancelled since
    const text = await bytes(result.article);
    archive.write(
      `From archive ${new Date().toUTCString()}\n${text
        .toString('latin1')
        .replaceAll('\r\n', '\n')
        .replace(/^(>*From )/gm, '>$1')}\n`,
      'latin1',
    );
  }
  console.log(`${wanted.length} articles of ${group.name} appended to ${file}`);
} finally {
  archive.end();
  await once(archive, 'close');
  await nntp.quit();
}

async function bytes(article) {
  const chunks = [article.headers.octets, '\r\n'].map((part) => Buffer.from(part));
  for await (const chunk of article.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
