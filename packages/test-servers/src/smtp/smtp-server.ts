/** An SMTP server (RFC 5321, RFC 6409) or LMTP server (RFC 2033) that delivers into the mail store. */
import {
  type ServerContext,
  startLineServer,
  type TestServer,
  type TestServerOptions,
} from '../line-server.js';
import { MailStore } from '../mail-store.js';
import { withManner } from '../manners/table.js';
import { SmtpSession } from './smtp-session.js';

/** A recipient as it stands in the transaction. */
export interface RecipientCheck {
  /** The address without its angle brackets, UTF-8. */
  address: string;
  /** Reverse-path of the transaction. */
  from: string;
  /** Who has logged in. */
  user: string | undefined;
}

export interface SmtpServerOptions extends TestServerOptions {
  mail?: MailStore;
  /** Speak LMTP: LHLO, and a reply for each recipient after the dot. */
  lmtp?: boolean;
  /** Refuse MAIL before AUTH (530 5.7.0). Default false. */
  requireAuth?: boolean;
  /** Octets that a message may have; announced by SIZE. Default 32 MiB. */
  maxMessageOctets?: number;
  /**
   * Recipients to refuse, by address: the whole reply line, such as `'550 5.1.1 Nobody here'`. A function may decide instead;
   * `undefined` accepts.
   */
  refuseRecipients?:
    | Readonly<Record<string, string>>
    | ((recipient: RecipientCheck) => string | undefined);
  /**
   * The first attempt of a sender to reach a recipient is put off (451 4.7.1); the next is accepted. Default false. Who has
   * logged in is not put off.
   */
  greylist?: boolean;
  /** Messages on one connection; after them comes 421 and the end. Default: no limit. */
  messagesPerConnection?: number;
  /** The reply to MAIL, instead of 250, by reverse-path. */
  refuseSenders?: Readonly<Record<string, string>>;
  /** The reply after the dot, instead of 250 (LMTP: for the addresses that it names; else for all by `'*'`). */
  refuseMessages?: Readonly<Record<string, string>>;
}

export interface SmtpServer extends TestServer {
  readonly mail: MailStore;
}

export async function startSmtpServer(given: SmtpServerOptions = {}): Promise<SmtpServer> {
  const options = withManner('smtp', given);
  const mail = options.mail ?? new MailStore();
  const metBefore = new Set<string>();
  const server = await startLineServer('smtp', options, (session, context: ServerContext) =>
    new SmtpSession(session, context, mail, options, metBefore).run(),
  );
  return Object.assign(server, { mail });
}
