/** One FTP control connection: its state, its current transfer, and the loop that reads commands. */
import { type FileTree, resolvePath } from '../file-tree.js';
import { greet, nextCommand } from '../impostor/conversation.js';
import type { ServerContext } from '../line-server.js';
import type { LineSession } from '../line-session.js';
import { SessionEnded } from '../session-ended.js';
import { commands } from './commands.js';
import { type DataPort, openData } from './data-connection.js';
import type { FtpShared } from './ftp-server.js';
import { type FactName, factNames } from './listing.js';
import { nameOf, octetsOf } from './name-octets.js';

/** Commands that are answered while a transfer runs, RFC 959 §4.1.3. All others wait for its end. */
const urgent = new Set(['ABOR', 'STAT', 'NOOP']);

export class FtpSession {
  readonly session: LineSession;
  readonly context: ServerContext;
  readonly shared: FtpShared;
  folder: string;
  pendingUser: string | undefined;
  type: 'A' | 'I' = 'A';
  /** PROT P: data connections are under TLS. */
  isPrivate = false;
  restart = 0;
  renameFrom: string | undefined;
  facts: Set<FactName> = new Set(factNames);
  dataPort: DataPort | undefined;
  /** After EPSV ALL, PORT and PASV are refused, RFC 2428 §4. */
  extendedOnly = false;
  data: LineSession | undefined;
  transfer: Promise<void> | undefined;
  aborted = false;
  over = false;

  constructor(session: LineSession, context: ServerContext, shared: FtpShared) {
    this.session = session;
    this.context = context;
    this.shared = shared;
    this.folder = resolvePath('/', shared.options.home ?? '/');
  }

  get user(): string | undefined {
    return this.session.record.user;
  }

  get files(): FileTree {
    return this.shared.files;
  }

  /** The client's address: who alone may use our data ports. */
  get peer(): string {
    return this.session.socket.remoteAddress ?? '';
  }

  async run(): Promise<void> {
    try {
      await greet(this.session, this.context, '220 FTP ready');
      while (!this.over) {
        const line = await nextCommand(this.session, this.context);
        if (line === undefined) break;
        await this.#dispatch(line);
      }
    } finally {
      this.dataPort?.close();
      this.data?.destroy();
      await this.transfer;
    }
  }

  reply(line: string): Promise<void> {
    return this.session.write(octetsOf(`${line}\r\n`));
  }

  /** A reply of several lines; the inner ones are indented, as FEAT and MLST want them. */
  replyLines(code: number, first: string, inner: readonly string[], last: string): Promise<void> {
    const lines = [`${code}-${first}`, ...inner.map((line) => ` ${line}`), `${code} ${last}`];
    return this.session.write(lines.map((line) => `${line}\r\n`).join(''));
  }

  path(argument: string): string {
    return resolvePath(this.folder, argument);
  }

  /**
   * Opens the data connection and lets `use` move octets over it, while the control connection goes on listening.
   * `use` throws an Error with a reply line to refuse.
   */
  async transferData(use: (data: LineSession) => Promise<void>): Promise<void> {
    const port = this.dataPort;
    this.dataPort = undefined;
    if (!port) return this.reply('425 Use EPSV or PASV first');
    if (this.session.secure && this.shared.options.requireProtectedData && !this.isPrivate) {
      port.close();
      return this.reply('521 Data must be protected: use PROT P');
    }
    await this.reply('150 Here it comes');
    this.aborted = false;
    this.transfer = this.#transfer(port, use)
      .catch(() => {}) // only the control connection's own end comes this far, and the command loop sees that too
      .finally(() => {
        port.close();
        this.data = undefined;
        this.transfer = undefined;
      });
  }

  async #transfer(port: DataPort, use: (data: LineSession) => Promise<void>): Promise<void> {
    try {
      const data = await openData(port, this.session, this.shared, this.isPrivate);
      this.data = data;
      if (this.shared.options.requireSessionReuse && data.record.tls?.resumed === false) {
        data.destroy();
        await this.reply('522 The data connection must resume the TLS session of the control one');
        return;
      }
      await use(data);
      await data.end();
      await this.reply('226 Transfer complete');
    } catch (error) {
      this.data?.breakOff();
      await this.#replyToFailure(error as Error);
    }
  }

  async #replyToFailure(error: Error): Promise<void> {
    const known = /^[45]\d\d /.test(error.message);
    if (this.aborted || error instanceof SessionEnded) await this.reply('426 Transfer broken off');
    else await this.reply(known ? error.message : `425 ${error.message}`);
  }

  async #dispatch(line: string): Promise<void> {
    // Telnet's interrupt and data mark may stand before ABOR, RFC 959 §4.1.3.
    const text = nameOf(Buffer.from(line.replace(/\xff[\xf0-\xff]/g, ''), 'latin1'));
    const [, verb = '', argument = ''] = /^(\S*) ?(.*)$/s.exec(text) ?? [];
    const name = verb.toUpperCase();
    if (!urgent.has(name)) await this.transfer;
    const command = this.context.shows(name) ? commands[name] : undefined;
    if (!command) return this.reply('500 Unknown command');
    if (!command.beforeLogin && this.user === undefined) return this.reply('530 Log in first');
    await command.run(this, argument);
  }
}
