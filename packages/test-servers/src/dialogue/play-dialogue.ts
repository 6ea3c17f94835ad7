/** Plays the server's part of a dialogue on one connection, and takes note where the client leaves its own. */
import { SessionEnded } from '../session-ended.js';
import type { DialogueConnection } from './connection.js';
import { cutter, type Delivery } from './delivery.js';
import { type DialogueStep, type LineMatch, substitute } from './parse-dialogue.js';

/** Where the client did not do what the text says. */
export interface DialogueMismatch {
  /** The line's number in the text. */
  line: number;
  expected: string;
  got: string;
}

export interface DialogueReport {
  /** Every step was played and matched. */
  complete: boolean;
  mismatches: DialogueMismatch[];
  /** What `{name}` and named groups were last. */
  variables: Readonly<Record<string, string>>;
}

export interface PlayOptions {
  /** Default `'whole'`. */
  delivery?: Delivery;
  /** Milliseconds to wait for each of the client's lines. Default 60,000. */
  timeout?: number;
}

export const defaultTimeout = 60_000;

/** What a stage for dialogues adds to that. */
interface StageOptions extends PlayOptions {
  encoding?: 'utf8' | 'latin1';
  /** Nothing is closed but what the script closes. */
  leaveOpen?: boolean;
  /** Is told each line of the client. */
  said?(line: string): void;
  /** Ends a `PAUSE`. */
  resumed?: Promise<void>;
  /** The client's second connection is number 0. */
  connection?(index: number): Promise<DialogueConnection>;
}

class Mismatch extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`Expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** Plays the steps; a mismatch ends the connection. Rejects for a fault of the script's only. */
export async function playDialogue(
  session: DialogueConnection,
  steps: readonly DialogueStep[],
  options: StageOptions = {},
): Promise<DialogueReport> {
  const player = new Player(session, options);
  const mismatches: DialogueMismatch[] = [];
  let at = 0;
  try {
    for (; at < steps.length; at++) at += await player.play(steps, at);
    if (!options.leaveOpen) await session.end();
  } catch (error) {
    const { line = 0 } = steps[Math.min(at, steps.length - 1)] ?? {};
    session.breakOff();
    mismatches.push({ line, ...describe(error) });
  }
  return { complete: mismatches.length === 0, mismatches, variables: player.variables };
}

export function formatMismatch({ line, expected, got }: DialogueMismatch): string {
  return `line ${line}: expected ${expected}, got ${got}`;
}

function describe(error: unknown): { expected: string; got: string } {
  if (error instanceof Mismatch) return { expected: error.expected, got: error.got };
  if (error instanceof SessionEnded)
    return { expected: 'a living connection', got: `its end. ${error.message}`.trim() };
  throw error;
}

class Player {
  readonly variables: Record<string, string> = {};
  readonly #session: DialogueConnection;
  readonly #options: StageOptions;
  readonly #cut: (octets: Buffer) => Buffer[];
  readonly #timeout: number;
  #connections = 0;
  #data: DialogueConnection | undefined;

  constructor(session: DialogueConnection, options: StageOptions) {
    const { delivery = 'whole', timeout = defaultTimeout } = options;
    this.#session = session;
    this.#options = options;
    this.#cut = cutter(delivery);
    this.#timeout = timeout;
  }

  /** Plays the step at that place, and gives how many more of the following it has played along. */
  async play(steps: readonly DialogueStep[], at: number): Promise<number> {
    const step = steps[at] as DialogueStep;
    switch (step.kind) {
      case 'send':
        return this.#send(steps, at);
      case 'expect-line':
        await this.#expectLine(step.match, step.shown);
        return 0;
      case 'expect-octets':
        await this.#expectOctets(step.octets);
        return 0;
      case 'expect-end':
        await this.#expectEnd(this.#timeout);
        return 0;
      case 'pause':
        await this.#options.resumed;
        return 0;
      case 'data':
        this.#data = await this.#open();
        return 0;
      case 'data-end':
        await this.#connection('data').end();
        return 0;
      case 'data-reset':
        this.#connection('data').reset();
        return 0;
      case 'expect-upload':
        await this.#expectUpload(step.octets);
        return 0;
      case 'wait':
        await new Promise((resolve) => setTimeout(resolve, step.milliseconds));
        return 0;
      case 'tls':
        await this.#session.secureNow();
        return 0;
      case 'close':
        await this.#session.end();
        return steps.length;
      case 'reset':
        this.#session.reset();
        return steps.length;
      case 'stall':
        if (!this.#options.leaveOpen) await this.#expectEnd(undefined);
        return steps.length;
    }
  }

  /** Adjoining sends are one run of octets, cut as the delivery says, not line by line. */
  async #send(steps: readonly DialogueStep[], from: number): Promise<number> {
    const run: Buffer[] = [];
    const { to } = steps[from] as Extract<DialogueStep, { kind: 'send' }>;
    let at = from;
    for (let step = steps[at]; step?.kind === 'send' && step.to === to; step = steps[++at])
      run.push(step.variables ? this.#substitute(step.octets) : step.octets);
    // What the client answers to the go-ahead is a handshake, and must not be read as lines.
    if (steps[at]?.kind === 'tls') {
      if (this.#session.hasInput) throw new Mismatch('nothing before the handshake', 'octets');
      this.#session.holdInput();
    }
    const connection = this.#connection(to);
    for (const piece of this.#cut(Buffer.concat(run))) {
      await connection.write(piece);
      await new Promise((resolve) => setImmediate(resolve)); // the client gets its turn to read
    }
    return at - from - 1;
  }

  #substitute(octets: Buffer): Buffer {
    const { encoding = 'utf8' } = this.#options;
    return Buffer.from(substitute(octets.toString(encoding), this.variables), encoding);
  }

  #connection(to: 'control' | 'data'): DialogueConnection {
    if (to === 'control') return this.#session;
    if (this.#data === undefined) throw new SyntaxError('A dialogue says DATA before D and U.');
    return this.#data;
  }

  async #open(): Promise<DialogueConnection> {
    const { connection } = this.#options;
    if (connection === undefined) throw new SyntaxError('This dialogue has one connection.');
    return this.#within(connection(this.#connections++), 'another connection');
  }

  async #expectUpload(expected: Buffer): Promise<void> {
    const parts: Buffer[] = [];
    const data = this.#connection('data');
    const shown = `${JSON.stringify(expected.toString('latin1'))} on the data connection`;
    for (;;) {
      const part = await this.#within(data.chunk(), shown);
      if (part === undefined) break;
      parts.push(part);
    }
    const octets = Buffer.concat(parts);
    if (!octets.equals(expected))
      throw new Mismatch(shown, JSON.stringify(octets.toString('latin1')));
  }

  async #expectLine(match: LineMatch, shown: string): Promise<void> {
    const octets = await this.#within(this.#session.line(), shown);
    if (octets === undefined) throw new Mismatch(shown, 'the end of the connection');
    const line = Buffer.from(octets, 'latin1').toString(this.#options.encoding ?? 'utf8');
    this.#options.said?.(line);
    const found = match(line, this.variables);
    if (found === undefined) throw new Mismatch(shown, line);
    Object.assign(this.variables, found);
  }

  async #expectOctets(expected: Buffer): Promise<void> {
    const shown = JSON.stringify(expected.toString('latin1'));
    const octets = await this.#within(this.#session.octets(expected.length), shown);
    if (!octets.equals(expected))
      throw new Mismatch(shown, JSON.stringify(octets.toString('latin1')));
  }

  async #expectEnd(timeout: number | undefined): Promise<void> {
    const ended = this.#session.chunk().catch(() => undefined); // cut off is ended too
    const octets = timeout === undefined ? await ended : await this.#within(ended, 'the end');
    if (octets && timeout !== undefined)
      throw new Mismatch('the end of the connection', JSON.stringify(octets.toString('latin1')));
    if (octets) await this.#expectEnd(timeout);
  }

  async #within<T>(promise: Promise<T>, expected: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Mismatch(expected, `nothing for ${this.#timeout} ms`)),
        this.#timeout,
      );
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
