/** OVER and HDR, RFC 3977 §8. */
import { fieldValue } from '../message.js';
import type { Article } from '../news-store.js';
import type { NntpSession } from './nntp-session.js';

export async function overview(at: NntpSession, [range]: string[]): Promise<void> {
  const found = at.range(range);
  if (typeof found === 'string') return at.reply(found);
  await at.block(
    '224 Overview follows',
    found.map(({ article, number }) => overviewRow(article, number)),
  );
}

/** RFC 3977 §8.3.2: TAB, CR and LF in a field become spaces. */
function overviewRow(article: Article, number: number): string {
  const columns = ['Subject', 'From', 'Date', 'Message-ID', 'References'].map((name) =>
    metadata(article, name),
  );
  const xref = `Xref: ${xrefOf(article)}`;
  return [number, ...columns, article.octets.length, article.lines, xref].join('\t');
}

function metadata(article: Article, name: string): string {
  if (/^(:bytes|bytes)$/i.test(name)) return String(article.octets.length);
  if (/^(:lines|lines)$/i.test(name)) return String(article.lines);
  if (/^xref$/i.test(name)) return xrefOf(article);
  const value = fieldValue(article.fields, name) ?? '';
  return Buffer.from(value, 'latin1')
    .toString('utf8')
    .replace(/[\t\r\n]/g, ' ');
}

function xrefOf({ numbers }: Article): string {
  return ['test-servers.invalid', ...[...numbers].map(([name, n]) => `${name}:${n}`)].join(' ');
}

export async function header(
  at: NntpSession,
  [name = '', range]: string[],
  reply: string,
): Promise<void> {
  if (!name) return at.reply('501 Syntax error');
  const found = at.range(range);
  if (typeof found === 'string') return at.reply(found);
  await at.block(
    reply,
    found.map(({ article, number }) => `${number} ${metadata(article, name)}`),
  );
}
