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
  | {
      readonly kind: 'send';
      readonly to: 'control' | 'data';
      readonly octets: Buffer;
      readonly variables: boolean;
    }
  | { readonly kind: 'expect-line'; readonly match: LineMatch; readonly shown: string }
  | { readonly kind: 'expect-octets' | 'expect-upload'; readonly octets: Buffer }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: (typeof words)[keyof typeof words] }
);

/** What a line's names stand for, or `undefined` where it is not the expected one. `known`: what they stood for so far. */
export type LineMatch = (
  line: string,
  known: Readonly<Record<string, string>>,
) => Readonly<Record<string, string>> | undefined;

/** The words that are a whole line. */
const words = {
  TLS: 'tls',
  CLOSE: 'close',
  RESET: 'reset',
  STALL: 'stall',
  PAUSE: 'pause',
  'C-end': 'expect-end',
  DATA: 'data',
  'D-end': 'data-end',
  'D-reset': 'data-reset',
} as const;

export interface ParseOptions {
  /** `A1`, `A2`, … at the beginning of a line, or where `(TAG "A1")` quotes one, stand for IMAP's tags, whatever the client makes them. */
  tags?: boolean;
  /** How text becomes octets. Default `'utf8'`. */
  encoding?: 'utf8' | 'latin1';
}

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
 * | `PAUSE` | it waits until the test says `resume()` |
 * | `STALL` | it says nothing more and waits for the client to go |
 * | `CLOSE`, `RESET` | it ends the connection politely, or by a TCP reset; at the end of the text it closes politely |
 * | `DATA` | the client must open another connection, as FTP's for data; the lines below are about the newest |
 * | `D: text`, `D-raw: text` | the server sends it there |
 * | `D-end`, `D-reset` | it ends that connection, by FIN or by a reset |
 * | `U: text` | the client must have sent just these octets there, escapes as above, and ended |
 * | `# …` | a comment, like an empty line |
 *
 * @throws SyntaxError with the line's number
 */
export function parseDialogue(text: string, options: ParseOptions = {}): DialogueStep[] {
  return text.split(/\r?\n/).flatMap((indented, index) => {
    const line = index + 1;
    const source = indented.trimStart();
    if (source === '' || source.startsWith('#')) return [];
    const step = parseStep(source, line, options);
    if (!step) throw new SyntaxError(`Dialogue line ${line}: ${source}`);
    return [step];
  });
}

function parseStep(
  source: string,
  line: number,
  { tags = false, encoding = 'utf8' }: ParseOptions,
): DialogueStep | undefined {
  const word = words[source.trim() as keyof typeof words];
  if (word) return { kind: word, line };
  const wait = /^WAIT (\d{1,6})$/.exec(source);
  if (wait) return { kind: 'wait', milliseconds: Number(wait[1]), line };
  const [, label = '', given = ''] = /^([SD](?:-raw)?|C|C\*|C-raw|U): ?(.*)$/s.exec(source) ?? [];
  const text = tags ? withTags(given) : given;
  const to = label.startsWith('D') ? 'data' : 'control';
  switch (label) {
    case 'S':
    case 'D':
      return {
        kind: 'send',
        to,
        octets: Buffer.from(`${text}\r\n`, encoding),
        variables: true,
        line,
      };
    case 'S-raw':
    case 'D-raw':
      return { kind: 'send', to, octets: unescapeOctets(given, encoding), variables: false, line };
    case 'C':
      return { kind: 'expect-line', match: lineMatch(text, tags), shown: given, line };
    case 'C*':
      return {
        kind: 'expect-line',
        match: groupsOf(new RegExp(`^(?:${text})$`, 's')),
        shown: text,
        line,
      };
    case 'C-raw':
      return { kind: 'expect-octets', octets: unescapeOctets(given, encoding), line };
    case 'U':
      return { kind: 'expect-upload', octets: unescapeOctets(given, encoding), line };
    default:
      return undefined;
  }
}

/** IMAP's tags as names. */
const withTags = (text: string): string =>
  text.replace(
    /^A(\d+)(?= |$)|(?<=(?:TAG|UPDATE) ")A(\d+)(?=")/g,
    (_tag, first, quoted) => `{a${first ?? quoted}}`,
  );

const groupsOf =
  (pattern: RegExp): LineMatch =>
  (line) => {
    const match = pattern.exec(line);
    return match === null ? undefined : { ...match.groups };
  };

const names = /\{([a-z][a-z0-9]*)\}/g;

/** A line as it must be, with `{name}` for any run without spaces; a tag that has come is that tag from then on. */
function lineMatch(text: string, tags: boolean): LineMatch {
  if (text.search(names) < 0) return (line) => (line === text ? {} : undefined);
  return (line, known) => {
    const given = tags ? substitute(text, known) : text;
    return groupsOf(linePattern(given))(line, known);
  };
}

/** Names that are known give way to what they stand for. */
export const substitute = (text: string, known: Readonly<Record<string, string>>): string =>
  text.replace(names, (all, name: string) => known[name] ?? all);

function linePattern(text: string): RegExp {
  const seen = new Set<string>();
  const quoted = (part: string) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  let source = '';
  let at = 0;
  for (const { 0: whole, 1: name = '', index } of text.matchAll(names)) {
    source += quoted(text.slice(at, index));
    source += seen.has(name) ? `\\k<${name}>` : `(?<${name}>\\S+)`;
    seen.add(name);
    at = index + whole.length;
  }
  return new RegExp(`^${source}${quoted(text.slice(at))}$`, 's');
}

const escapes: Readonly<Record<string, string>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  '\\': '\\',
};

function unescapeOctets(text: string, encoding: BufferEncoding): Buffer {
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\.)/s).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part, encoding);
    if (part.length === 4) return Buffer.from([Number.parseInt(part.slice(2), 16)]);
    return Buffer.from(escapes[part.slice(1)] ?? part);
  });
  return Buffer.concat(parts);
}
