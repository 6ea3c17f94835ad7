/**
 * Header fields on the wire: RFC 5322 §2.2, encoded-words by RFC 2047, parameters by RFC 2231.
 *
 * Lines are folded at 76 characters where they can be, and never pass 998 (RFC 5322 §2.1.1).
 */
import { encodedWord } from './address-list.js';
import type { CheckedEntry, CheckedMailbox } from './recipients.js';

const lineLength = 76;
/** A word that can't be folded stands as it is up to here; beyond, it is encoded. */
export const longestWord = 900;

/** Free text: subjects, and fields of the caller's. */
export function unstructured(name: string, value: string): string {
  return needsEncoding(value)
    ? folded(name, encodedWords(value, name.length + 2))
    : plain(name, value);
}

const needsEncoding = (value: string): boolean =>
  /[^\x20-\x7e]|^ | $/.test(value) || encodedWord.test(value) || hasLongWord(value);

const hasLongWord = (value: string): boolean =>
  value.length > longestWord && foldable(value).some((token) => token.length > longestWord);

function plain(name: string, value: string): string {
  if (name.length + 2 + value.length <= lineLength) return `${name}: ${value}\r\n`;
  return folded(name, foldable(value));
}

/** Folds where a single space stands: a reader that unfolds gets the value back, octet for octet. */
export function foldable(value: string): string[] {
  const tokens: string[] = [];
  let from = 0;
  for (let i = value.indexOf(' '); i > 0; i = value.indexOf(' ', i + 1)) {
    if (value[i - 1] === ' ' || value[i + 1] === ' ') continue;
    tokens.push(value.slice(from, i));
    from = i + 1;
  }
  tokens.push(value.slice(from));
  return tokens;
}

/** Tokens that stay whole, a space or a fold between them. */
export function folded(name: string, tokens: readonly string[]): string {
  let field = `${name}:`;
  let length = field.length;
  for (const token of tokens) {
    const fold = length + 1 + token.length > lineLength && length > name.length + 1;
    field += fold ? `\r\n ${token}` : ` ${token}`;
    length = (fold ? 0 : length) + 1 + token.length;
  }
  return `${field}\r\n`;
}

/** A list of tokens, a comma behind each but the last. */
export const commaSeparated = (tokens: readonly string[]): string[] =>
  tokens.map((token, i) => (i < tokens.length - 1 ? `${token},` : token));

// ── addresses ──────────────────────────────────────────────────────────────────────────────────────────────────

export function addressField(name: string, entries: readonly CheckedEntry[]): string {
  const tokens = entries.flatMap((entry, i) => {
    const end = i < entries.length - 1 ? ',' : '';
    if (!('members' in entry)) return [...mailbox(entry, end)];
    const last = entry.members.length - 1;
    const members = entry.members.flatMap((one, at) => mailbox(one, at < last ? ',' : `;${end}`));
    const opening = wordsOf(entry);
    opening.push(`${opening.pop()}:${last < 0 ? `;${end}` : ''}`);
    return [...opening, ...members];
  });
  return folded(name, tokens);
}

function mailbox({ name, encodedName, headerAddress }: CheckedMailbox, end: string): string[] {
  if (name === undefined) return [`${headerAddress}${end}`];
  return [...wordsOf({ name, encodedName }), `<${headerAddress}>${end}`];
}

const wordsOf = (given: { name: string; encodedName?: string | undefined }): string[] =>
  given.encodedName?.split(' ') ?? phrase(given.name);

// phrase = 1*word; word = atom / quoted-string; encoded-words where there is more than ASCII
export function phrase(name: string): string[] {
  if (/[^\x20-\x7e]/.test(name) || encodedWord.test(name) || hasLongWord(name))
    return encodedWords(name, 4);
  if (/^[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*$/.test(name)) return name.split(' ');
  const quoted = `"${name.replace(/["\\]/g, '\\$&')}"`;
  return quoted.length > longestWord ? encodedWords(name, 4) : [quoted];
}

// ── encoded-words, RFC 2047 §2 ─────────────────────────────────────────────────────────────────────────────────

const opening = '=?utf-8?';
const longestEncodedWord = 75;

/** The text as encoded-words; between them readers see nothing. @param used what stands before the first on its line */
export function encodedWords(text: string, used: number): string[] {
  const octets = Buffer.byteLength(text);
  const plainOnes = text.match(/[A-Za-z0-9 ]/g)?.length ?? 0;
  const byQ = octets - plainOnes < octets / 3;
  const room = longestEncodedWord - opening.length - 4; // Q? or B? before it, ?= behind it
  const words: string[] = [];
  let left = room - Math.min(used, room - 20);
  let piece = '';
  let length = 0;
  const flush = (): void => {
    words.push(`${opening}${byQ ? 'Q' : 'B'}?${byQ ? piece : base64(piece)}?=`);
    piece = '';
    length = 0;
    left = room;
  };
  for (const character of text) {
    const next = byQ ? qEncoded(character) : character;
    const size = byQ ? next.length : Buffer.byteLength(character);
    const whole = length + size;
    if (piece !== '' && (byQ ? whole : Math.ceil(whole / 3) * 4) > left) flush();
    piece += next;
    length += size;
  }
  if (piece !== '') flush();
  return words;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What a phrase may hold besides letters and digits: RFC 2047 §5 (3). */
function qEncoded(character: string): string {
  if (/[A-Za-z0-9!*+\-/]/.test(character)) return character;
  if (character === ' ') return '_';
  return percent(character, '=');
}

const percent = (character: string, sign: string): string =>
  [...Buffer.from(character)]
    .map((octet) => sign + octet.toString(16).toUpperCase().padStart(2, '0'))
    .join('');

// ── parameters, RFC 2045 §5.1 and RFC 2231 ─────────────────────────────────────────────────────────────────────

/** `; filename="a.txt"`, as tokens; what is no short ASCII goes in pieces with charset. */
export function parameter(name: string, value: string): string[] {
  if (/^[\x20-\x7e]*$/.test(value) && value.length <= 55 && !encodedWord.test(value))
    return [`${name}="${value.replace(/["\\]/g, '\\$&')}"`];
  const pieces: string[] = [];
  let piece = "utf-8''";
  for (const character of value) {
    // attribute-char: ASCII but specials of MIME, "*", "'" and "%"
    const next = /[A-Za-z0-9!#$&+\-.^_`{|}~]/.test(character) ? character : percent(character, '%');
    if (piece.length + next.length > 60) {
      pieces.push(piece);
      piece = '';
    }
    piece += next;
  }
  pieces.push(piece);
  if (pieces.length === 1) return [`${name}*=${pieces[0]}`];
  return pieces.map((one, i) => `${name}*${i}*=${one}`);
}

/** A field with parameters: `Content-Type: text/plain; charset=utf-8`. */
export const withParameters = (
  name: string,
  value: string,
  parameters: readonly string[],
): string =>
  folded(
    name,
    [value, ...parameters].map((token, i) => (i < parameters.length ? `${token};` : token)),
  );
