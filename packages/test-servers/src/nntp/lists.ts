/** LIST, RFC 3977 §7.6, RFC 6048. */
import type { Newsgroup } from '../news-store.js';
import type { NntpSession } from './nntp-session.js';
import { matchesWildmat } from './wildmat.js';

type List = (at: NntpSession, argument: string | undefined) => Promise<void>;

export const lists: Readonly<Record<string, List>> = {
  ACTIVE: (at, wildmat) => at.block('215 List follows', groupsOf(at, wildmat).map(activeLine)),
  NEWSGROUPS: (at, wildmat) =>
    at.block(
      '215 List follows',
      groupsOf(at, wildmat).map(({ name, description }) => `${name}\t${description}`),
    ),
  COUNTS: (at, wildmat) =>
    at.block(
      '215 List follows',
      groupsOf(at, wildmat).map(
        ({ name, high, low, articles, status }) =>
          `${name} ${high} ${low} ${articles.size} ${status}`,
      ),
    ),
  'ACTIVE.TIMES': (at, wildmat) =>
    at.block(
      '215 List follows',
      groupsOf(at, wildmat).map(
        ({ name, created }) =>
          `${name} ${Math.floor(created.getTime() / 1000)} owner@test-servers.invalid`,
      ),
    ),
  'OVERVIEW.FMT': (at) =>
    at.block('215 Order of fields', [
      'Subject:',
      'From:',
      'Date:',
      'Message-ID:',
      'References:',
      ':bytes',
      ':lines',
      'Xref:full',
    ]),
  HEADERS: (at) => at.block('215 Any header may be asked for', [':', ':bytes', ':lines']),
};

function groupsOf(at: NntpSession, wildmat = '*'): Newsgroup[] {
  return [...at.news.groups.values()].filter(({ name }) => matchesWildmat(wildmat, name));
}

export function activeLine({ name, high, low, status }: Newsgroup): string {
  return `${name} ${high} ${low} ${status}`;
}
