/**
 * Names between octets and text, RFC 2640 §2.2: UTF-8, and for what is no UTF-8 the charset that was there before.
 * Inside this package octets are octet strings: one character of U+0000 to U+00FF an octet.
 */

import { escapeText, UsageError } from 'tls-context-core';
import { iconv } from '../iconv.js';

export interface Charset {
  /** Whether names are sent in UTF-8. */
  readonly isUtf8: boolean;
  decode(octets: string): string;
  encode(text: string): string;
}

export interface CharsetOptions {
  /** What names are sent in, and what they are read as first. Default `'utf-8'`. Any name that iconv-lite knows. */
  encoding?: string;
  /** What a name is read as that is no UTF-8. Default `'windows-1252'`. */
  fallbackEncoding?: string;
}

export function createCharset(options: CharsetOptions = {}): Charset {
  const { encoding: named = 'utf-8', fallbackEncoding = 'windows-1252' } = options;
  const encoding = known(named, 'encoding');
  const fallback = known(fallbackEncoding, 'fallbackEncoding');
  if (!isUtf8(encoding)) {
    return {
      isUtf8: false,
      decode: (octets) => (isAscii(octets) ? octets : iconv().decode(buffer(octets), encoding)),
      encode: (text) => (isAscii(text) ? text : encodeExactly(text, encoding)),
    };
  }
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const fallen = new FallenNames();
  const decodeName = (octets: string): string => {
    try {
      const name = utf8.decode(buffer(octets));
      fallen.forget(name);
      return name;
    } catch {
      const name = iconv().decode(buffer(octets), fallback);
      fallen.remember(name, octets);
      return name;
    }
  };
  const encodeName = (name: string): string =>
    isAscii(name) ? name : (fallen.octetsOf(name) ?? Buffer.from(name, 'utf8').toString('latin1'));
  return {
    isUtf8: true,
    // Each name of a path for itself: a directory of the old charset may hold names of the new one.
    decode: (octets) => (isAscii(octets) ? octets : byName(octets, decodeName)),
    encode: (text) => (isAscii(text) ? text : byName(text, encodeName)),
  };
}

function byName(path: string, change: (name: string) => string): string {
  if (!path.includes('/')) return change(path);
  return path
    .split('/')
    .map((name) => (isAscii(name) ? name : change(name)))
    .join('/');
}

/**
 * Names that were no UTF-8, so that the text that a caller got for one reaches the server as the octets that it was made of. A name
 * that has been seen in UTF-8 as well is that.
 */
class FallenNames {
  readonly #octets = new Map<string, string>();
  readonly #inUtf8 = new Set<string>();

  remember(name: string, octets: string): void {
    if (this.#inUtf8.has(name)) return;
    this.#octets.set(name, octets);
    if (this.#octets.size <= mostFallen) return;
    for (const oldest of this.#octets.keys()) {
      this.#octets.delete(oldest);
      break;
    }
  }

  forget(name: string): void {
    if (!this.#octets.delete(name)) return;
    if (this.#inUtf8.size < mostFallen) this.#inUtf8.add(name);
  }

  octetsOf(name: string): string | undefined {
    return this.#octets.get(name);
  }
}

const mostFallen = 100_000;

/** A name that the charset can't hold would reach the server as another name. */
function encodeExactly(text: string, encoding: string): string {
  const octets = iconv().encode(text, encoding);
  if (iconv().decode(octets, encoding) !== text) {
    throw new UsageError(
      'ERR_ARGUMENT',
      `${JSON.stringify(text)} can't be written in ${encoding}.`,
      {
        protocol: 'ftp',
        argument: 'path',
        hint: 'Give the path as octets (a Uint8Array), or set `encoding` to a charset that has these letters.',
      },
    );
  }
  return octets.toString('latin1');
}

/** Those of the defaults are known without the tables of all others, which take long to load. */
const usual: readonly unknown[] = ['utf-8', 'utf8', 'UTF-8', 'windows-1252'];

function known(name: string, option: string): string {
  if (usual.includes(name)) return name;
  if (typeof name === 'string' && name !== '' && iconv().encodingExists(name)) return name;
  const shown = escapeText(String(name), 40);
  throw new UsageError('ERR_ARGUMENT', `${option}: there is no charset ${shown}.`, {
    protocol: 'ftp',
    argument: option,
    hint: 'Use a name such as utf-8, windows-1252, windows-1251, shift_jis or gbk.',
  });
}

function isUtf8(encoding: string): boolean {
  return /^utf-?8$/i.test(encoding);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** Octets as an octet string. */
export function octetString(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
}

function buffer(octets: string): Buffer {
  return Buffer.from(octets, 'latin1');
}
