/** An IMAP server: IMAP4rev1 (RFC 3501) and the basics of IMAP4rev2 (RFC 9051), over the mail store. */
import { startLineServer, type TestServer, type TestServerOptions } from '../line-server.js';
import { MailStore } from '../mail-store.js';
import { withManner } from '../manners/table.js';
import type { AnswerOrder } from './answer-order.js';
import { ImapSession } from './imap-session.js';

export interface ImapServerOptions extends TestServerOptions {
  /** Whose mail is served: share it with an SMTP server. Default: an empty store. */
  mail?: MailStore;
  /** Greet with PREAUTH as this user. */
  preauth?: string;
  /** How commands that came together are answered. Default `'one-by-one'`. */
  answerOrder?: AnswerOrder;
  /** Octets of a literal after login. Default 64 MiB. */
  maxLiteralOctets?: number;
}

export interface ImapServer extends TestServer {
  readonly mail: MailStore;
}

export async function startImapServer(given: ImapServerOptions = {}): Promise<ImapServer> {
  const options = withManner('imap', given);
  const mail = options.mail ?? new MailStore();
  const server = await startLineServer('imap', options, (session, context) =>
    new ImapSession(session, context, mail, options).run(),
  );
  return Object.assign(server, { mail });
}
