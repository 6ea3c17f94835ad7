/**
 * Positive replies by a code that is another command's. Mostly they are notices (`226 Quota` ahead of DELE's reply), but some servers
 * answer so (226 to DELE, 257 to OPTS). Which it is shows behind a mark: a command of harmless effect, whose reply tells that nothing
 * ahead of it is still to come.
 */
import type { CommandLine, LineConnection, Reply } from '@fivewire/line-protocol';

export class Strays {
  /** Replies that were read on the way to a mark: they come before what is on the wire. */
  readonly #ahead: Reply[] = [];
  #strays: Reply[] = [];
  readonly #learned = new Set<string>();

  /** Whether one came that may have been an answer. */
  get any(): boolean {
    return this.#strays.length > 0;
  }

  add(reply: Reply): void {
    if (this.#strays.length < mostStrays) this.#strays.push(reply);
  }

  /** Whether this server was seen to answer such a command so. */
  areAnswers(line: CommandLine, reply: Reply): boolean {
    return this.#learned.size > 0 && this.#learned.has(keyOf(line, reply));
  }

  next(): Reply | undefined {
    return this.#ahead.shift();
  }

  /** The mark's reply has come, and these ahead of it, since the command was sent. @returns the command's answer */
  settle(line: CommandLine, came: readonly Reply[]): Reply | undefined {
    if (came.length > 0) {
      this.#strays = []; // notices, then
      this.#ahead.push(...came);
      return this.#ahead.shift();
    }
    const answer = this.#strays.shift();
    if (answer === undefined) return undefined;
    this.#learned.add(keyOf(line, answer));
    this.#ahead.push(...this.#strays.filter(({ code }) => code === answer.code));
    this.#strays = this.#strays.filter(({ code }) => code !== answer.code);
    return answer;
  }
}

const mostStrays = 100;

const keyOf = ({ masked }: CommandLine, { code }: Reply): string =>
  `${masked.split(' ', 1)[0]} ${code}`;

const byConnection = new WeakMap<LineConnection, Strays>();

export function straysOf(connection: LineConnection): Strays {
  let strays = byConnection.get(connection);
  if (strays === undefined) {
    strays = new Strays();
    byConnection.set(connection, strays);
  }
  return strays;
}
