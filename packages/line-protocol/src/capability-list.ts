/** Capabilities as lines of a name and its arguments: POP3's CAPA (RFC 2449 §5), NNTP's CAPABILITIES (RFC 3977 §5.2). */

/** Iterates over the names, in upper case. */
export class CapabilityList implements Iterable<string> {
  /** False where the server does not say what it can: then the absence of a name says nothing. */
  readonly known: boolean;
  #arguments = new Map<string, readonly string[]>();

  /** @param disable names to leave out, in upper case */
  constructor(
    lines: readonly string[] | undefined = undefined,
    disable: ReadonlySet<string> = new Set(),
  ) {
    this.known = lines !== undefined;
    for (const line of lines ?? []) {
      const [name = '', ...args] = line.trim().split(/[ \t]+/);
      const upper = name.toUpperCase();
      if (upper === '' || disable.has(upper)) continue;
      // Some servers repeat a name with more arguments.
      this.#arguments.set(upper, [...this.arguments(upper), ...args]);
    }
  }

  /** @param argument one of the name's arguments, in any case: `has('LIST', 'COUNTS')` */
  has(name: string, argument?: string): boolean {
    const args = this.#arguments.get(name.toUpperCase());
    if (args === undefined || argument === undefined) return args !== undefined;
    const wanted = argument.toUpperCase();
    return args.some((given) => given.toUpperCase() === wanted);
  }

  /** The arguments of a name; empty where it has none or is absent. */
  arguments(name: string): readonly string[] {
    return this.#arguments.get(name.toUpperCase()) ?? [];
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#arguments.keys();
  }

  /** IMPLEMENTATION, RFC 2449 §6.9 and RFC 3977 §3.3.2: what the server calls itself. */
  get implementation(): string | undefined {
    return this.has('IMPLEMENTATION') ? this.arguments('IMPLEMENTATION').join(' ') : undefined;
  }
}
