/** Values that servers send over and over, made once: `("charset" "utf-8")`, `"TEXT"`, `"quoted-printable"`. */

/** At most so many values, of keys so long: a server cannot make it grow. */
const mostValues = 500;
const longestKey = 48;

export class Seen<T> {
  readonly #values = new Map<string, T>();

  get(key: string): T | undefined {
    return key.length > longestKey ? undefined : this.#values.get(key);
  }

  /** @param value shared by all who meet the key: it must not change */
  keep(key: string, value: T): T {
    if (key.length > longestKey) return value;
    if (this.#values.size >= mostValues) this.#values.clear();
    // A copy of its own: a slice would keep the text alive from which it was cut.
    this.#values.set(Buffer.from(key, 'latin1').toString('latin1'), value);
    return value;
  }
}
