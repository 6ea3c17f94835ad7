/** Five small servers in memory, a throwaway certificate authority, scripted dialogues and faults, for tests. */
export { Accounts, type AccountsSnapshot, type Users } from './accounts.js';
export type { CaughtMail, MailCriteria } from './caught/caught-mail.js';
export type { CaughtArticle, NewsCriteria } from './caught/caught-news.js';
export type { MessageAddress, MessageAttachment, ParsedMessage } from './caught/parsed-message.js';
export { type WaitOptions, WaitTimeoutError, type Wanted } from './caught/waiting.js';
export type { ConnectionRecord, SecurityMode, TlsRecord } from './connection-record.js';
export { type Delivery, deliveries } from './dialogue/delivery.js';
export {
  type DialogueAddress,
  type DialogueServer,
  type DialogueServerOptions,
  type ReplayOptions,
  replayDialogue,
  startDialogueServer,
} from './dialogue/dialogue-server.js';
export type { Accident } from './dialogue/memory-connection.js';
export {
  type DialogueStep,
  type LineMatch,
  type ParseOptions,
  parseDialogue,
} from './dialogue/parse-dialogue.js';
export type { DialogueMismatch, DialogueReport, PlayOptions } from './dialogue/play-dialogue.js';
export {
  type MemoryDialogue,
  type MemoryDialogueOptions,
  playInMemory,
} from './dialogue/play-in-memory.js';
export type { FaultPlan, Faults } from './faults.js';
export {
  type CaughtFile,
  type FilesSnapshot,
  FileTree,
  type TreeFile,
  type TreeFolder,
  type TreeNode,
} from './file-tree.js';
export { type FtpServer, type FtpServerOptions, startFtpServer } from './ftp/ftp-server.js';
export type { AnswerOrder } from './imap/answer-order.js';
export { type ImapServer, type ImapServerOptions, startImapServer } from './imap/imap-server.js';
export type { Claims, Impostor, Reaction, Reactions, Words } from './impostor/impostor.js';
export type { TestProtocol, TestServer, TestServerOptions } from './line-server.js';
export type { SessionLimits } from './line-session.js';
export {
  type Envelope,
  Mailbox,
  type MailSnapshot,
  MailStore,
  type QuotaLimits,
  type RelayedMessage,
  type StoredMessage,
} from './mail-store.js';
export type { AppendOptions, MailboxSnapshot } from './mailbox.js';
export { mannerNames } from './manners/table.js';
export type { Throttle } from './manners/throttle.js';
export {
  type Article,
  type Newsgroup,
  type NewsgroupOptions,
  type NewsSnapshot,
  NewsStore,
  type PostingStatus,
} from './news-store.js';
export { type NntpServer, type NntpServerOptions, startNntpServer } from './nntp/nntp-server.js';
export { type Pop3Server, type Pop3ServerOptions, startPop3Server } from './pop3/pop3-server.js';
export type { SaslOptions } from './sasl-server.js';
export type { ServerTlsOptions } from './server-tls.js';
export {
  type RecipientCheck,
  type SmtpServer,
  type SmtpServerOptions,
  startSmtpServer,
} from './smtp/smtp-server.js';
export {
  type ConnectOptions,
  type NewUser,
  type Snapshot,
  startTestServers,
  type TestServers,
  type TestServersOptions,
} from './start-test-servers.js';
export {
  createThrowawayCa,
  type IssuedCertificate,
  type IssueOptions,
  type KeyType,
  loadThrowawayCa,
  type ThrowawayCa,
} from './throwaway-ca.js';
export type { Transcript, TranscriptEntry } from './transcript.js';
export type { WebOptions, WebServer } from './web/web-server.js';
