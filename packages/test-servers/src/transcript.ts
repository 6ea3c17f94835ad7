/** What was said on a connection, both ways, with secrets masked. Bodies that clients send are told of by their length. */

export interface TranscriptEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly from: 'client' | 'server' | 'note';
  /** Without CRLF; cut when it is long. */
  readonly text: string;
}

const keptEntries = 1_000;
const keptCharacters = 2_000;
const mask = '••••';

/** Commands that carry a secret, and what of them may be seen. What follows belongs to it, until the server has decided. */
const secret =
  /^(\S+ LOGIN|\S+ AUTHENTICATE \S+|AUTH \S+|PASS|ACCT|APOP \S+|AUTHINFO (?:PASS|SASL \S+))(?: .*)?$/is;
/** A challenge, or what may come between. */
const undecided = /^(\+|334|383|\*)(?: .*)?$/s;

export class Transcript {
  /** The newest 1,000. */
  readonly entries: TranscriptEntry[] = [];
  readonly #onEntry: () => void;
  /** A login is under way. */
  #isSecret = false;

  constructor(onEntry: () => void) {
    this.#onEntry = onEntry;
  }

  client(line: string): void {
    const [, shown] = secret.exec(line) ?? [];
    if (shown !== undefined) this.#add('client', line === shown ? line : `${shown} ${mask}`);
    else this.#add('client', this.#isSecret ? mask : utf8(line));
    if (shown !== undefined) this.#isSecret = true;
  }

  server(octets: Buffer): void {
    const head = octets.toString('latin1', 0, keptCharacters);
    const more = octets.length - keptCharacters;
    const lines = head.replace(/\r\n$/, '').split('\r\n');
    for (const line of lines) this.#add('server', this.#isSecret ? this.#masked(line) : utf8(line));
    if (more > 0) this.note(`${more} octets more`);
  }

  note(text: string): void {
    this.#add('note', text);
  }

  #masked(line: string): string {
    const [, code] = undecided.exec(line) ?? [];
    if (code === '*') return utf8(line);
    if (code !== undefined) return line === code ? line : `${code} ${mask}`;
    this.#isSecret = false;
    return line.startsWith('283 ') ? `283 ${mask}` : utf8(line); // RFC 4643 §2.4: the server's last words
  }

  #add(from: TranscriptEntry['from'], text: string): void {
    const cut = text.length > keptCharacters ? `${text.slice(0, keptCharacters)}…` : text;
    this.entries.push({ time: Date.now(), from, text: cut });
    if (this.entries.length > keptEntries) this.entries.shift();
    this.#onEntry();
  }
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
