/**
 * What the next transfer needs, asked for while this one ends: a port, and behind an upload the size that arrived. A flight less for each of
 * many small files; see decision 0046.
 *
 * Of a server that reads the control connection while data moves neither is asked before the final reply: ProFTPD refuses what comes then,
 * Pure-FTPd and others take it for ABOR. vsftpd does not read, so what was asked meanwhile is answered behind the final reply, in order.
 */
import { type CommandLine, isFivewireError, type Reply } from '@fivewire/line-protocol';
import { command, type Dialogue } from '../session/dialogue.js';
import { answersOrRefuses } from '../session/reply-codes.js';
import { passivePort } from '../session/reply-text.js';
import { hasFeature, type Session } from '../session/session.js';

const epsv = command('EPSV');
const stat = command('STAT');

/** Transfers that follow each other so soon are taken for a row of them, in milliseconds. */
const soon = 1_000;
const enough = 2;
const nothing = { files: 0, at: 0 };
/** Servers wait at a port for a while only. */
const portLife = 5_000;
/** A port for what comes behind something long would be old. */
const longOctets = 4 << 20;

export class Ahead {
  readonly #session: Session;
  readonly #dialogue: Dialogue;
  readonly #size: CommandLine | undefined;
  /** That came right before this one. */
  readonly #files: number;
  readonly #isDue: boolean;
  #sent: CommandLine[] = [];
  /** What was said of the size that arrived. */
  size: Reply | undefined;

  /** @param size behind an upload: what asks for its size */
  constructor(session: Session, dialogue: Dialogue, size: CommandLine | undefined) {
    this.#session = session;
    this.#dialogue = dialogue;
    this.#size = size;
    const { files, at } = session.learned.row;
    this.#files = isFresh(at, soon) ? files : 0;
    this.#isDue = this.#files >= enough && mayAsk(session);
    session.learned.row = nothing;
  }

  /** Whether replies are still to come. */
  get isPending(): boolean {
    return this.#sent.length > 0;
  }

  /** Asked once, for there is something to be known of the server: whether it is one that does not read meanwhile. */
  async prepare(): Promise<void> {
    const { traits } = this.#session;
    if (!this.#isDue || traits.readsInTransfers !== undefined) return;
    traits.readsInTransfers = true;
    if (!looksLikeVsftpd(this.#session)) return;
    const reply = await this.#dialogue.ask(stat);
    traits.readsInTransfers = !reply.lines.some((line) => /^ *vsFTPd \d/.test(line));
  }

  /** Data moves, so many octets of it. */
  begun(octets: number | undefined): void {
    if (this.#size === undefined && octets !== undefined && octets <= longOctets) this.#early([]);
  }

  /** All of an upload is under way. */
  sent(): void {
    if (this.#size !== undefined) this.#early([this.#size]);
  }

  #early(first: CommandLine[]): void {
    if (this.#session.traits.readsInTransfers === false && this.#isDue && !this.isPending)
      this.#send([...first, epsv]);
  }

  /** The final reply has come: asks for what is worth a flight, and reads what there is to read. */
  async over(isDone: boolean): Promise<void> {
    const { control, learned } = this.#session;
    if (isDone && this.#isDue && !this.isPending && this.#size !== undefined)
      this.#send([this.#size, epsv]);
    try {
      for (; this.#sent.length > 0; this.#sent.shift()) {
        const line = this.#sent[0] as CommandLine;
        const reply = await this.#dialogue.final(line, this.#dialogue.timeout, answersOrRefuses);
        if (line === epsv) this.#take(reply);
        else this.size = reply;
      }
    } catch (error) {
      // The transfer has come to its end. That the connection has too, the next call will see.
      if (!isFivewireError(error)) throw error;
    }
    if (isDone && control.connection.isOpen)
      learned.row = { files: this.#files + 1, at: performance.now() };
  }

  #send(lines: CommandLine[]): void {
    this.#sent = lines;
    this.#dialogue.send(...lines);
  }

  #take(reply: Reply): void {
    const number = reply.code === 229 ? passivePort(reply.lines.join(' ')) : undefined;
    if (number !== undefined) this.#session.learned.port = { number, at: performance.now() };
  }
}

/** The port that was asked for ahead, once; `undefined` where there is none that is new enough. */
export function portAhead({ learned, traits }: Session): number | undefined {
  const { port } = learned;
  learned.port = undefined;
  return traits.passive === 'EPSV' && isFresh(port?.at, portLife) ? port?.number : undefined;
}

function mayAsk(session: Session): boolean {
  const { active, control, learned, noopInterval, traits } = session;
  const isPlain = active === undefined && noopInterval === 0 && !learned.deflates;
  return isPlain && control.pipelining && traits.passive === 'EPSV' && !hasFeature(session, 'PRET');
}

const isFresh = (at: number | undefined, life: number): boolean =>
  at !== undefined && performance.now() - at < life;

/** Few servers name PASV among their features. */
const looksLikeVsftpd = ({ features }: Session): boolean =>
  features.has('PASV') && features.has('EPSV') && !features.has('MLST');
