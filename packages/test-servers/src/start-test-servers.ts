/** All five servers at once, on one certificate authority, one list of users and one mail store. */
import { randomBytes } from 'node:crypto';
import type { Accounts, AccountsSnapshot } from './accounts.js';
import type { SecurityMode } from './connection-record.js';
import { type FilesSnapshot, FileTree } from './file-tree.js';
import { type FtpServer, type FtpServerOptions, startFtpServer } from './ftp/ftp-server.js';
import { type ImapServer, type ImapServerOptions, startImapServer } from './imap/imap-server.js';
import {
  accountsOf,
  type TestProtocol,
  type TestServer,
  type TestServerOptions,
} from './line-server.js';
import { type MailSnapshot, MailStore, type QuotaLimits } from './mail-store.js';
import { type NewsSnapshot, NewsStore } from './news-store.js';
import { type NntpServer, type NntpServerOptions, startNntpServer } from './nntp/nntp-server.js';
import { type Pop3Server, type Pop3ServerOptions, startPop3Server } from './pop3/pop3-server.js';
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from './smtp/smtp-server.js';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type IssueOptions,
  type ThrowawayCa,
} from './throwaway-ca.js';
import type { WebOptions, WebServer } from './web/web-server.js';

export interface TestServersOptions extends Omit<TestServerOptions, 'ports'> {
  /** The authority to use; default: a new one. */
  ca?: ThrowawayCa;
  /** What to start; default: all five. Whatever is not started has no ports. */
  protocols?: readonly TestProtocol[];
  /** Files to begin with, by path. */
  files?: FileTree | Readonly<Record<string, string | Uint8Array>>;
  /** Newsgroups to begin with. Default: `test.fivewire`. */
  groups?: readonly string[];
  mail?: MailStore;
  /** What each user may keep; `mail.setQuota` changes it, for one user too. Default: no limits. */
  quota?: QuotaLimits;
  news?: NewsStore;
  /**
   * A web page and an HTTP API over all of it, on loopback unless the options say otherwise; it sets `transcripts`. Default: none.
   */
  web?: boolean | WebOptions;
  /** Options for one server only. */
  ftp?: FtpServerOptions;
  imap?: ImapServerOptions;
  pop3?: Pop3ServerOptions;
  smtp?: SmtpServerOptions;
  nntp?: NntpServerOptions;
}

/** A user made by `createUser`. */
export interface NewUser {
  name: string;
  password: string;
  /** Mail to it lands in the user's INBOX. */
  address: string;
  /** Name and password once more, as Fivewire's clients take them. */
  auth: { user: string; password: string };
}

/** What Fivewire's clients need to connect, and others by other names. */
export interface ConnectOptions {
  host: string;
  port: number;
  security: SecurityMode;
  /** A name that the servers' certificate is for. */
  serverHostname: string;
  /** Certificates to trust, PEM. */
  tls: { ca: string };
}

/** Mail, news, files and accounts at one moment. */
export interface Snapshot {
  readonly mail: MailSnapshot;
  readonly news: NewsSnapshot;
  readonly files: FilesSnapshot;
  readonly accounts: AccountsSnapshot;
}

export interface TestServers {
  readonly ftp: FtpServer;
  readonly imap: ImapServer;
  readonly pop3: Pop3Server;
  readonly smtp: SmtpServer;
  readonly nntp: NntpServer;
  readonly host: string;
  /** `ports.imap['implicit-tls']`, `ports.smtp.starttls`, … */
  readonly ports: Readonly<Record<TestProtocol, Readonly<Record<SecurityMode, number>>>>;
  readonly ca: ThrowawayCa;
  /** What all five present: issued for `localhost`, `127.0.0.1` and `::1`, unless the options say otherwise. */
  readonly certificate: IssuedCertificate;
  readonly mail: MailStore;
  readonly files: FileTree;
  readonly news: NewsStore;
  readonly accounts: Accounts;
  /** Where the web page is; with the option `web`. */
  readonly web: WebServer | undefined;
  /** Issues a certificate, as `ca.issue` does. */
  issue(options?: IssueOptions): Promise<IssuedCertificate>;
  /** Makes a user; without a name one that there is not yet, so that tests which run at once don't meet. */
  createUser(wanted?: { name?: string; password?: string }): NewUser;
  /** Where a server is and whom to trust. `security` is `'implicit-tls'` where nothing is said. */
  connectOptions(protocol: TestProtocol, security?: SecurityMode): ConnectOptions;
  /** Removes all mail, articles and files; users, groups and connections stay. */
  clear(): void;
  /** Mail, news, files and accounts as they are now, for `restore`. */
  snapshot(): Snapshot;
  /** Brings back what there was. Mailboxes come back with a new UIDVALIDITY: end clients before. */
  restore(snapshot: Snapshot): void;
  /** Exceptions inside the servers: it should stay empty. */
  readonly problems: readonly Error[];
  /** Ends all of it. Calling it again is harmless. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the servers in this process, on loopback and free ports.
 *
 * ```js
 * const servers = await startTestServers({ users: { alice: 'secret' } });
 * try {
 *   const port = servers.ports.imap['implicit-tls'];
 *   const ca = servers.ca.certificate;
 * } finally {
 *   await servers.close();
 * }
 * ```
 */
export async function startTestServers(options: TestServersOptions = {}): Promise<TestServers> {
  const {
    ca: givenCa,
    protocols,
    files: givenFiles,
    groups,
    mail: givenMail,
    news: givenNews,
    quota,
    web: wantedWeb,
    ...rest
  } = options;
  const { ftp, imap, pop3, smtp, nntp, ...shared } = rest;
  const ca = givenCa ?? (await createThrowawayCa());
  const certificate = options.certificate ?? (await ca.issue());
  const accounts = options.accounts ?? accountsOf(options);
  const mail = givenMail ?? new MailStore();
  if (quota) mail.setQuota(quota);
  const files = givenFiles instanceof FileTree ? givenFiles : new FileTree(givenFiles);
  const news = givenNews ?? new NewsStore();
  for (const name of groups ?? ['test.fivewire']) if (!news.group(name)) news.addGroup(name);

  const wanted = new Set<TestProtocol>(protocols ?? ['ftp', 'imap', 'pop3', 'smtp', 'nntp']);
  const transcripts = wantedWeb ? { transcripts: true } : {};
  const common = { ...transcripts, ...shared, certificate, accounts };
  const modes = (protocol: TestProtocol) => (wanted.has(protocol) ? {} : { modes: [] });
  const started: TestServer[] = [];
  const start = async <Server extends TestServer>(server: Promise<Server>): Promise<Server> => {
    started.push(await server);
    return server;
  };
  let web: WebServer | undefined;
  const close = async () => {
    await Promise.all([...started, ...(web ? [web] : [])].map((server) => server.close()));
  };
  try {
    const servers = {
      ftp: await start(startFtpServer({ files, ...common, ...ftp, ...modes('ftp') })),
      imap: await start(startImapServer({ mail, ...common, ...imap, ...modes('imap') })),
      pop3: await start(startPop3Server({ mail, ...common, ...pop3, ...modes('pop3') })),
      smtp: await start(startSmtpServer({ mail, ...common, ...smtp, ...modes('smtp') })),
      nntp: await start(startNntpServer({ news, ...common, ...nntp, ...modes('nntp') })),
    };
    const all: TestServers = {
      ...servers,
      host: options.host ?? '127.0.0.1',
      ports: {
        ftp: servers.ftp.ports,
        imap: servers.imap.ports,
        pop3: servers.pop3.ports,
        smtp: servers.smtp.ports,
        nntp: servers.nntp.ports,
      },
      ca,
      certificate,
      mail,
      files,
      news,
      accounts,
      issue: (request) => ca.issue(request),
      connectOptions: (protocol, security = 'implicit-tls') => ({
        host: servers[protocol].host,
        port: servers[protocol].ports[security],
        security,
        serverHostname: 'localhost',
        tls: { ca: ca.certificate },
      }),
      createUser: (request) => createUser(accounts, request),
      clear() {
        for (const store of [mail, news, files]) store.clear();
      },
      snapshot: () => ({
        mail: mail.snapshot(),
        news: news.snapshot(),
        files: files.snapshot(),
        accounts: accounts.snapshot(),
      }),
      restore(snapshot) {
        mail.restore(snapshot.mail);
        news.restore(snapshot.news);
        files.restore(snapshot.files);
        accounts.restore(snapshot.accounts);
      },
      get problems() {
        return started.flatMap(({ problems }) => problems);
      },
      get web() {
        return web;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
    if (wantedWeb) {
      const { startWebServer } = await import('./web/web-server.js');
      web = await startWebServer(all, wantedWeb === true ? {} : wantedWeb);
    }
    return all;
  } catch (error) {
    await close();
    throw error;
  }
}

function createUser(
  accounts: Accounts,
  { name = `user-${randomBytes(4).toString('hex')}`, password = 'secret' } = {},
): NewUser {
  accounts.add(name, password);
  const address = name.includes('@') ? name : `${name}@example.test`;
  return { name, password, address, auth: { user: name, password } };
}
