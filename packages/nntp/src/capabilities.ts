/** What the server says it can: CAPABILITIES, RFC 3977 §5.2. */

/** Labels in upper case, each with its arguments. */
export class NntpCapabilities implements Iterable<string> {
  /** False where the server does not know CAPABILITIES: then the absence of a label says nothing. */
  readonly known: boolean;
  #arguments = new Map<string, readonly string[]>();

  constructor(
    lines: readonly string[] | undefined = undefined,
    disable: ReadonlySet<string> = new Set(),
  ) {
    this.known = lines !== undefined;
    for (const line of lines ?? []) {
      const [label = '', ...args] = line.trim().split(/[ \t]+/);
      const upper = label.toUpperCase();
      if (upper !== '' && !disable.has(upper)) {
        this.#arguments.set(upper, [...(this.#arguments.get(upper) ?? []), ...args]);
      }
    }
  }

  /** @param argument one of the label's arguments: `has('LIST', 'COUNTS')` */
  has(label: string, argument?: string): boolean {
    const upper = label.toUpperCase();
    if (!this.#arguments.has(upper)) return false;
    if (argument === undefined) return true;
    const wanted = argument.toUpperCase();
    return this.arguments(upper).some((given) => given.toUpperCase() === wanted);
  }

  /** The arguments of a label; empty where it has none or is absent. */
  arguments(label: string): readonly string[] {
    return this.#arguments.get(label.toUpperCase()) ?? [];
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#arguments.keys();
  }

  /** SASL mechanisms, RFC 4643 §2.1; only where AUTHINFO SASL is allowed now. */
  get sasl(): readonly string[] {
    return this.has('AUTHINFO', 'SASL')
      ? this.arguments('SASL').map((name) => name.toUpperCase())
      : [];
  }

  /** IMPLEMENTATION, RFC 3977 §3.3.2: what the server calls itself. */
  get implementation(): string | undefined {
    return this.has('IMPLEMENTATION') ? this.arguments('IMPLEMENTATION').join(' ') : undefined;
  }
}
