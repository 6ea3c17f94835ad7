/** One end of a `sync`: what the user wrote, and what it is. */
import { usage } from '../exit-code.js';
import { line } from '../output.js';

export type Place =
  | { kind: 'imap'; url: string }
  /** POP3 and news: no flags, and nothing is ever written there. */
  | { kind: 'collected'; url: string }
  | { kind: 'maildir'; path: string }
  | { kind: 'mbox'; path: string };

/** @throws Failure 64 */
export function placeOf(given: string): Place {
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (/^imaps?$/.test(scheme)) return { kind: 'imap', url: given };
    if (/^(pop3|nntp)s?$/.test(scheme)) return { kind: 'collected', url: given };
    throw usage(`${scheme}:// cannot be synchronised`, 'sync takes imap, pop3, nntp and ftp URLs.');
  }
  const [, kind = given.endsWith('.mbox') ? 'mbox' : 'maildir', path = given] =
    /^(maildir|mbox):(.*)$/s.exec(given) ?? [];
  if (path === '' || path === '-')
    throw usage(
      `${line(given)} names no place`,
      path === '' ? 'A path is missing.' : 'sync and mirror take no stdin and no stdout.',
    );
  return { kind: kind as 'maildir' | 'mbox', path };
}
