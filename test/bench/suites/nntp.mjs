// NNTP: articles, overviews and yEnc. Raw sockets take the same octets, and make the same strings of rows.
import { byLines, clear, lines } from '../servers.mjs';

const body = lines('fivewire moves octets, '.repeat(3), 3_000);
const head = [
  ...['Path: news.example.test!not-for-mail', 'From: Alice Example <alice@example.test>', 'Newsgroups: bench.group'],
  ...['Subject: Re: an article of the bench, as long as they are', 'Date: Thu, 01 Jan 2026 00:00:00 +0000'],
  ...['References: <one@example.test> <two@example.test>', 'Lines: 40', 'Xref: news.example.test bench.group:1'],
].join('\r\n'); // biome-ignore format: a header

const article = (number) =>
  Buffer.concat([
    Buffer.from(`220 ${number} <${number}@example.test>\r\n${head}\r\n\r\n`),
    body,
    Buffer.from('.\r\n'),
  ]);

function overview(from, to) {
  const rows = [];
  for (let n = from; n <= to; n++)
    rows.push(
      `${n}\tRe: subject ${n} ${'s'.repeat((n * 37) % 60)}\tAlice Example <alice@example.test>\tThu, 01 Jan 2026 00:00:00 +0000\t<${n}@example.test>\t<${n - 1}@example.test>\t3000\t40\tXref: news.example.test bench.group:${n}`,
    );
  return Buffer.from(`224 rows\r\n${rows.join('\r\n')}\r\n.\r\n`);
}

const server = byLines('200 ready\r\n', async (line, write) => {
  const [verb, argument = ''] = line.split(' ');
  if (verb === 'CAPABILITIES')
    await write(Buffer.from('101\r\nVERSION 2\r\nREADER\r\nOVER\r\nLIST ACTIVE\r\n.\r\n'));
  else if (verb === 'GROUP') await write(Buffer.from('211 1000000 1 1000000 bench.group\r\n'));
  else if (verb === 'ARTICLE') await write(article(Number(argument)));
  else if (verb === 'OVER') {
    const [from, to] = argument.split('-').map(Number);
    await write(overview(from, to));
  } else await write(Buffer.from('205 bye\r\n'));
});

const rows = (count) => ({
  serve: () => clear(server, { count }),
  contenders: { raw: ['news', 'rawRows'], fivewire: ['news', 'rows'] },
  reference: 'raw',
});

const yenc = {
  serve: ({ full }) => ({ input: { rounds: full ? 400 : 100 }, close: async () => {} }),
  reference: 'yencode, native',
};

export default [
  {
    work: '5,000 articles of 3.5 kB',
    serve: ({ full }) => clear(server, { count: full ? 20_000 : 5_000 }),
    contenders: { raw: ['news', 'rawArticles'], fivewire: ['news', 'articles'] },
    reference: 'raw',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 2 }],
  },
  {
    ...rows(200_000),
    work: 'an overview of 200,000 rows',
    targets: [{ contender: 'fivewire', peer: 'raw', most: 1.5 }],
  },
  {
    ...rows(1_000_000),
    work: 'an overview of 1,000,000 rows',
    targets: [{ contender: 'fivewire', megabytes: 96 }],
  },
  {
    ...yenc,
    work: 'yEnc: decode parts of 750 kB',
    contenders: { 'yencode, native': ['news', 'nativeDecode'], fivewire: ['news', 'decode'] },
    targets: [{ contender: 'fivewire', peer: 'yencode, native', most: 1 / 0.3 }],
  },
  {
    ...yenc,
    work: 'yEnc: encode parts of 750 kB',
    contenders: { 'yencode, native': ['news', 'nativeEncode'], fivewire: ['news', 'encode'] },
    targets: [{ contender: 'fivewire', peer: 'yencode, native', most: 1 / 0.15 }],
  },
];
