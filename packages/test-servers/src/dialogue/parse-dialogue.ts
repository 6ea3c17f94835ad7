/**
 * Scripted dialogues: a text file that reads as the wire does, played by a server to a client under test.
 *
 * ```
 * # an IMAP login
 * S: * OK ready
 * C: {tag} LOGIN alice secret
 * S: {tag} OK Logged in
 * C*: [^ ]+ NOOP
 * CLOSE
 * ```
 */

/** One line of a dialogue. `line` is its number in the text, from 1. */
export type DialogueStep = { readonly line: number } & (
  | { readonly kind: 'send'; readonly octets: Buffer; readonly variables: boolean }
  | { readonly kind: 'expect-line'; readonly pattern: RegExp; readonly shown: string }
  | { readonly kind: 'expect-octets'; readonly octets: Buffer }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'tls' | 'close' | 'reset' | 'stall' | 'expect-end' }
);

/** The words that are a whole line. */
const words = {
  TLS: 'tls',
  CLOSE: 'close',
  RESET: 'reset',
  STALL: 'stall',
  'C-end': 'expect-end',
} as const;

/**
 * Reads a dialogue.
 *
 * | line | meaning |
 * |---|---|
 * | `S: text` | the server sends the text, as UTF-8, and CRLF; `{name}` is what the client's `{name}` was |
 * | `S-raw: text` | it sends just that; `\r`, `\n`, `\t`, `\0`, `\\` and `\xHH` are escapes |
 * | `C: text` | the client must send this line; `{name}` (a lower-case word) is any run without spaces, and is remembered |
 * | `C*: regex` | the client must send a line that matches as a whole; named groups are remembered |
 * | `C-raw: text` | the client must send just these octets; escapes as above |
 * | `C-end` | the client must end the connection |
 * | `TLS` | the handshake is run now; octets that the client sent ahead of it are a mismatch |
 * | `WAIT 50` | the server waits that many milliseconds |
 * | `STALL` | it says nothing more and waits for the client to go |
 * | `CLOSE`, `RESET` | it ends the connection politely, or by a TCP reset; at the end of the text it closes politely |
 * | `# …` | a comment, like an empty line |
 *
 * @throws SyntaxError with the line's number
 */
export function parseDialogue(text: string): DialogueStep[] {
  return text.split(/\r?\n/).flatMap((source, index) => {
    const line = index + 1;
    if (source.trim() === '' || source.startsWith('#')) return [];
    const step = parseStep(source, line);
    if (!step) throw new SyntaxError(`Dialogue line ${line}: ${source}`);
    return [step];
  });
}

function parseStep(source: string, line: number): DialogueStep | undefined {
  const word = words[source.trim() as keyof typeof words];
  if (word) return { kind: word, line };
  const wait = /^WAIT (\d{1,6})$/.exec(source);
  if (wait) return { kind: 'wait', milliseconds: Number(wait[1]), line };
  const [, label = '', text = ''] = /^(S|S-raw|C|C\*|C-raw): ?(.*)$/s.exec(source) ?? [];
  switch (label) {
    case 'S':
      return { kind: 'send', octets: Buffer.from(`${text}\r\n`), variables: true, line };
    case 'S-raw':
      return { kind: 'send', octets: unescapeOctets(text), variables: false, line };
    case 'C':
      return { kind: 'expect-line', pattern: linePattern(text), shown: text, line };
    case 'C*':
      return { kind: 'expect-line', pattern: new RegExp(`^(?:${text})$`, 's'), shown: text, line };
    case 'C-raw':
      return { kind: 'expect-octets', octets: unescapeOctets(text), line };
    default:
      return undefined;
  }
}

/** A line as it must be, with `{name}` for any run without spaces. */
function linePattern(text: string): RegExp {
  const seen = new Set<string>();
  const source = text
    .replace(/[\\^$.*+?()[\]|/]/g, '\\$&')
    .replace(/\{([a-z]+)\}/g, (_all, name: string) => {
      if (seen.has(name)) return `\\k<${name}>`;
      seen.add(name);
      return `(?<${name}>\\S+)`;
    })
    .replace(/\{(?![a-z]+\})/g, '\\{');
  return new RegExp(`^${source}$`);
}

const escapes: Readonly<Record<string, string>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  '\\': '\\',
};

function unescapeOctets(text: string): Buffer {
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\.)/s).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part);
    if (part.length === 4) return Buffer.from([Number.parseInt(part.slice(2), 16)]);
    return Buffer.from(escapes[part.slice(1)] ?? part);
  });
  return Buffer.concat(parts);
}
