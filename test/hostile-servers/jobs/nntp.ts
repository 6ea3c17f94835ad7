import { Article, NntpClient } from '@fivewire/nntp';
import { NewsStore, type NntpServer, startNntpServer } from '@fivewire/test-servers';
import { all, digest, type Job } from '../job.js';

const group = 'test.group';
const article = (subject: string) =>
  new Article({
    from: 'Alice <alice@example.org>',
    newsgroups: [group],
    subject,
    messageId: `<${subject}@example.org>`,
    date: new Date(Date.UTC(2026, 10, 24)),
    body: `.A line with a dot\n${'A line of text.\n'.repeat(100)}`,
  });

export const nntp: Job<NntpServer> = {
  protocol: 'nntp',
  line: '215 Still here\r\n',
  start: (options) => {
    const news = new NewsStore();
    news.addGroup(group);
    for (const subject of ['One', 'Two', 'Three']) news.add(article(subject).toBuffer());
    return startNntpServer({ ...options, news });
  },
  async run(access) {
    const call = { signal: access.signal };
    const seen: unknown[] = [];
    const client = await NntpClient.connect(access);
    try {
      seen.push(await all(client.listActive(call)));
      const { low, high, count } = await client.group(group, call);
      seen.push([low, high, count]);
      for await (const row of client.overview({ from: low, to: high }, call)) {
        seen.push([row.number, row.subject, row.messageId]);
      }
      seen.push(
        (await all(client.header('Subject', { from: low }, call))).map(({ value }) => value),
      );
      const { headers, body } = await client.article(low, call);
      seen.push(headers.get('Subject'), await digest(body));
      for await (const item of client.articles([1, 2, 3], call)) {
        if (!item.ok) throw item.error;
        seen.push([item.id, await digest(item.article.body)]);
      }
      seen.push((await client.post(article('Four'), call)).messageId);
      seen.push((await client.stat('<Four@example.org>', call)).messageId);
    } finally {
      await client.quit(call);
    }
    return seen;
  },
};
