/** An NNTP server, RFC 3977, with STARTTLS (RFC 4642), AUTHINFO (RFC 4643) and RFC 6048's LIST COUNTS. */
import { startLineServer, type TestServer, type TestServerOptions } from '../line-server.js';
import { withManner } from '../manners/table.js';
import { NewsStore } from '../news-store.js';
import { NntpSession } from './nntp-session.js';

export interface NntpServerOptions extends TestServerOptions {
  /** What is served. Default: an empty store. */
  news?: NewsStore;
  /** Answer 480 until the client has logged in. Default false. */
  requireAuth?: boolean;
  /** Refuse all posting: the greeting is 201. Default false. */
  readOnly?: boolean;
  /** A transit server that serves readers only after MODE READER. Default false. */
  modeSwitching?: boolean;
}

export interface NntpServer extends TestServer {
  readonly news: NewsStore;
}

export async function startNntpServer(given: NntpServerOptions = {}): Promise<NntpServer> {
  const options = withManner('nntp', given);
  const news = options.news ?? new NewsStore();
  const server = await startLineServer('nntp', options, (session, context) =>
    new NntpSession(session, context, news, options).run(),
  );
  return Object.assign(server, { news });
}
