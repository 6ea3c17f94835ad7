/** Secrets that look secret: printed, one is `***`. Only the line that goes out reads it. */
import { inspect } from 'node:util';

const values = new WeakMap<Secret, string>();
export const mask = '***';

/** A text that no log, error, `util.inspect` or JSON shows. Made by {@link secret}. */
export class Secret {
  static {
    Object.defineProperty(Secret.prototype, inspect.custom, { value: () => mask });
  }
  constructor(text: string) {
    values.set(this, text);
  }
  toString(): string {
    return mask;
  }
  toJSON(): string {
    return mask;
  }
}

/** Wraps a text so that it is masked everywhere but on the wire: `commandLine('PASS', secret(password))`. */
export const secret = (text: string): Secret => new Secret(text);

/** The text inside. For the code that writes octets to the peer, and nothing else. */
export const reveal = (text: string | Secret): string =>
  typeof text === 'string' ? text : (values.get(text) ?? '');
