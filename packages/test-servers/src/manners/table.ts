/** All manners by name. One name may stand for several servers: `'gmail'` is IMAP, POP3 and SMTP. */
import type { TestProtocol, TestServerOptions } from '../line-server.js';
import { imapManners } from './imap-manners.js';
import type { Manner } from './manner.js';
import { ftpManners, nntpManners, pop3Manners, smtpManners } from './other-manners.js';

const manners: Readonly<Record<TestProtocol, Readonly<Record<string, Manner>>>> = {
  ftp: ftpManners,
  imap: imapManners,
  pop3: pop3Manners,
  smtp: smtpManners,
  nntp: nntpManners,
};

/** The names that `like` takes, for one protocol or for all. */
export function mannerNames(protocol?: TestProtocol): string[] {
  const tables = protocol === undefined ? Object.values(manners) : [manners[protocol]];
  return [...new Set(tables.flatMap((table) => Object.keys(table)))].sort();
}

/** How that server behaves; `undefined` where the name means nothing for this protocol. @throws TypeError */
export function mannerOf(protocol: TestProtocol, like: string | undefined): Manner | undefined {
  if (like === undefined) return undefined;
  if (!mannerNames().includes(like))
    throw new TypeError(`like: there is no ${like}; there are ${mannerNames().join(', ')}`);
  return Object.hasOwn(manners[protocol], like) ? manners[protocol][like] : undefined;
}

/** The options with those of the manner, over which the caller's own go. */
export function withManner<Options extends TestServerOptions>(
  protocol: TestProtocol,
  options: Options,
): Options {
  const manner = mannerOf(protocol, options.like);
  if (!manner) return options;
  return { ...manner.options, ...options, hide: [...(manner.hide ?? []), ...(options.hide ?? [])] };
}
