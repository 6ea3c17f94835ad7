/** What the server says it can: CAPA, RFC 2449. */

/** Days that mail stays, or `'never'` expires; `perUser` where the figure may be another one after login. */
export interface Expire {
  days: number | 'never';
  perUser: boolean;
}

/** The least pause between two logins; `perUser` where the figure may be another one after login. */
export interface LoginDelay {
  seconds: number;
  perUser: boolean;
}

/** Names in upper case, each with its arguments. */
export class Pop3Capabilities implements Iterable<string> {
  /** False where the server does not know CAPA: then the absence of a name says nothing. */
  readonly known: boolean;
  #arguments = new Map<string, readonly string[]>();

  constructor(
    lines: readonly string[] | undefined = undefined,
    disable: ReadonlySet<string> = new Set(),
  ) {
    this.known = lines !== undefined;
    for (const line of lines ?? []) {
      const [name = '', ...args] = line.trim().split(/[ \t]+/);
      const upper = name.toUpperCase();
      // Some servers repeat a name with more arguments.
      if (upper !== '' && !disable.has(upper)) {
        this.#arguments.set(upper, [...(this.#arguments.get(upper) ?? []), ...args]);
      }
    }
  }

  has(name: string): boolean {
    return this.#arguments.has(name.toUpperCase());
  }

  /** The arguments of a capability; empty where it has none or is absent. */
  arguments(name: string): readonly string[] {
    return this.#arguments.get(name.toUpperCase()) ?? [];
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#arguments.keys();
  }

  /** SASL mechanisms, RFC 5034. */
  get sasl(): readonly string[] {
    return this.arguments('SASL').map((name) => name.toUpperCase());
  }

  /** EXPIRE, RFC 2449 §6.7. */
  get expire(): Expire | undefined {
    const [days = '', scope] = this.arguments('EXPIRE');
    const perUser = scope?.toUpperCase() === 'USER';
    if (days.toUpperCase() === 'NEVER') return { days: 'never', perUser };
    return /^\d{1,9}$/.test(days) ? { days: Number(days), perUser } : undefined;
  }

  /** LOGIN-DELAY, RFC 2449 §6.5. */
  get loginDelay(): LoginDelay | undefined {
    const [seconds = '', scope] = this.arguments('LOGIN-DELAY');
    if (!/^\d{1,9}$/.test(seconds)) return undefined;
    return { seconds: Number(seconds), perUser: scope?.toUpperCase() === 'USER' };
  }

  /** IMPLEMENTATION, RFC 2449 §6.9: what the server calls itself. */
  get implementation(): string | undefined {
    return this.has('IMPLEMENTATION') ? this.arguments('IMPLEMENTATION').join(' ') : undefined;
  }
}
