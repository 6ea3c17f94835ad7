/** Rows of OVER, RFC 3977 §8.3: mapped by LIST OVERVIEW.FMT, cut and decoded only where the consumer looks. */
import { trimBlanks } from '@fivewire/line-protocol';
import { decodeHeader } from './header-text.js';

/** The columns after the article number, by name in lower case: headers, or metadata such as `:bytes`. */
export class OverviewFormat {
  readonly fields: readonly string[];
  /** @internal Where the seven are that every server should have: looked up once, not for each row. */
  readonly seven: Readonly<Record<(typeof seven)[number], number | undefined>>;
  /** @internal How many columns there are after the number. */
  readonly width: number;
  /** @internal The last column that every server should have; what is behind it bears its own name. */
  readonly lastOfSeven: number;
  #columns: ReadonlyMap<string, number>;
  #full: ReadonlySet<number>;

  /** @param given lines of LIST OVERVIEW.FMT; without any the seven of RFC 3977 §8.3.2 */
  constructor(given: readonly string[] = []) {
    const lines = given.length > 0 ? given : defaultFields;
    const columns = new Map<string, number>();
    const full = new Set<number>();
    lines.forEach((line, at) => {
      const column = at + 1;
      const name = nameOf(line);
      if (/^[^:].*:full$/i.test(line)) full.add(column);
      if (name !== '' && !columns.has(name)) columns.set(name, column);
    });
    this.fields = [...columns.keys()];
    this.width = lines.length;
    this.#columns = columns;
    this.#full = full;
    this.seven = Object.fromEntries(
      seven.map((name) => [name, columns.get(name)]),
    ) as typeof this.seven;
    this.lastOfSeven = Math.max(0, ...Object.values(this.seven).map((column) => column ?? 0));
  }

  /** The column of a field, from 1; `undefined` where the server does not keep it. */
  column(name: string): number | undefined {
    return this.#columns.get(nameOf(name));
  }

  /** Whether the column holds the header with its name: `Xref: news.example …`. */
  hasName(column: number): boolean {
    return this.#full.has(column);
  }
}

/** `Bytes:` and `Lines:` are the older names of `:bytes` and `:lines` (RFC 3977 §8.4.2). */
function nameOf(line: string): string {
  const name = line
    .trim()
    .toLowerCase()
    .replace(/:full$/, '')
    .replace(/(?<=.):$/, '');
  return name === 'bytes' || name === 'lines' ? `:${name}` : name;
}

const seven = ['subject', 'from', 'date', 'message-id', 'references', ':bytes', ':lines'] as const;
const defaultFields = [
  'Subject:',
  'From:',
  'Date:',
  'Message-ID:',
  'References:',
  ':bytes',
  ':lines',
];

/** One article's overview. Texts are decoded when asked for; `raw` gives the octets. */
export class OverviewRow {
  /** The article number; 0 where the article was asked for by message-id. */
  readonly number: number;
  #line: string;
  #format: OverviewFormat;
  #cells: string[] | undefined;
  #problem: string | undefined;

  /** @param line as it came, each character an octet */
  constructor(number: number, line: string, format: OverviewFormat) {
    this.number = number;
    this.#line = line;
    this.#format = format;
  }

  get subject(): string {
    return decodeHeader(this.#cell(this.#format.seven.subject, 'subject') ?? '');
  }
  get from(): string {
    return decodeHeader(this.#cell(this.#format.seven.from, 'from') ?? '');
  }
  /** As the article has it; `Date.parse` reads most. */
  get date(): string {
    return decodeHeader(this.#cell(this.#format.seven.date, 'date') ?? '');
  }
  /** With its angle brackets. */
  get messageId(): string {
    const id = this.#cell(this.#format.seven['message-id'], 'message-id')?.trim() ?? '';
    return id === '<0>' ? '' : id;
  }
  /** The message-ids of the thread, the oldest first. */
  get references(): string[] {
    const octets = this.#cell(this.#format.seven.references, 'references');
    return octets === undefined || octets === '' ? [] : (octets.match(/<[^<>\s]+>/g) ?? []);
  }
  /** Octets of the article. */
  get bytes(): number | undefined {
    return figure(this.#cell(this.#format.seven[':bytes'], ':bytes'));
  }
  /** Lines of its body. */
  get lines(): number | undefined {
    return figure(this.#cell(this.#format.seven[':lines'], ':lines'));
  }

  /**
   * What is wrong with the row: it holds a bare LF, columns are missing, or where its message-id should be stands none, as when the server left a tab in a
   * Subject. The columns behind that are found again where one of them is a message-id; what they were taken for shows here.
   */
  get problem(): string | undefined {
    this.#split();
    if (!this.#line.includes('\n')) return this.#problem;
    const behind = 'another row may stand behind a bare LF';
    return this.#problem === undefined ? behind : `${behind}; ${this.#problem}`;
  }

  /** Any field that the server keeps, decoded; `undefined` where it keeps none of that name, or the article has none. */
  get(name: string): string | undefined {
    const octets = this.#cell(this.#format.column(name), name);
    return octets === undefined ? undefined : decodeHeader(octets);
  }

  /** The octets of a field, or of the whole row. */
  raw(name?: string): Uint8Array | undefined {
    const octets = name === undefined ? this.#line : this.#cell(this.#format.column(name), name);
    return octets === undefined ? undefined : Buffer.from(octets, 'latin1');
  }

  toJSON(): Record<string, unknown> {
    const { number, subject, from, date, messageId, references, bytes, lines } = this;
    return { number, subject, from, date, messageId, references, bytes, lines };
  }

  #cell(column: number | undefined, name: string): string | undefined {
    const cells = this.#cells ?? this.#split();
    if (column !== undefined && !this.#format.hasName(column)) return cells[column];
    return cellNamed(cells, column, name, this.#format);
  }

  #split(): string[] {
    if (this.#cells !== undefined) return this.#cells;
    const cells = this.#line.split('\t');
    this.#cells = cells;
    const { subject, 'message-id': at, references } = this.#format.seven;
    if (at === undefined) return cells;
    const tooMany = cells.length - 1 - this.#format.width;
    const isPlain = looksLikeId(cells[at]);
    // A Subject may hold what looks like a message-id: then there are columns too many, and the references are none.
    const isMadeUp =
      isPlain &&
      tooMany > 0 &&
      looksLikeId(cells[at + tooMany]) &&
      references !== undefined &&
      !looksLikeIds(cells[references]);
    if (isPlain && !isMadeUp) {
      const { lastOfSeven } = this.#format;
      if (cells.length <= lastOfSeven)
        this.#problem = `${cells.length - 1} columns came, and there should be ${lastOfSeven}: which are missing can't be known`;
      else this.#problem = this.#joinReferences(cells, tooMany) ?? this.#oddFigure(cells);
      return cells;
    }
    this.#problem = `column ${at} is ${isPlain ? 'not the' : 'no'} message-id`;
    const found = isMadeUp
      ? at + tooMany
      : cells.findIndex((cell, i) => i > at && looksLikeId(cell));
    if (found < 0 || subject === undefined || subject > at) return cells;
    const surplus = found - at;
    // With a tab too many there are columns too many.
    if (cells.length - surplus <= this.#format.lastOfSeven) return cells;
    const whole = cells.slice(subject, subject + surplus + 1).join('\t');
    cells.splice(subject, surplus + 1, whole);
    this.#problem += `: ${surplus} tab${surplus > 1 ? 's' : ''} too many before it, taken for part of the subject`;
    return cells;
  }

  /** Message-ids with tabs between them push the figures out of their columns. @returns what was wrong */
  #joinReferences(cells: string[], tooMany: number): string | undefined {
    const { references, ':bytes': bytes } = this.#format.seven;
    if (references === undefined || bytes !== references + 1) return undefined;
    if (isFigure(cells[bytes]) || !looksLikeIds(cells[bytes])) return undefined;
    const found = cells.findIndex((cell, i) => i > bytes && !looksLikeIds(cell));
    const surplus = (found < 0 ? cells.length : found) - bytes;
    if (surplus > tooMany || !isFigure(cells[found])) return undefined;
    cells.splice(references, surplus + 1, cells.slice(references, bytes + surplus).join(' '));
    return `${surplus} tab${surplus > 1 ? 's' : ''} too many among the references`;
  }

  /** Sizes that are no numbers are no sizes, or what is in their column is no size. */
  #oddFigure(cells: readonly string[]): string | undefined {
    for (const name of [':bytes', ':lines'] as const) {
      const column = this.#format.seven[name];
      const cell = column === undefined ? undefined : cells[column];
      if (!isFigure(cell)) return `column ${column} should be ${name}, and is no number`;
    }
    return undefined;
  }
}

/**
 * A header that bears its name (RFC 3977 §8.3.2), if only that, where it is there: so it is known wherever it stands behind the seven.
 * @param column where the format has it
 */
function cellNamed(
  cells: readonly string[],
  column: number | undefined,
  name: string,
  { lastOfSeven, fields }: OverviewFormat,
): string | undefined {
  const cell = column === undefined ? undefined : cells[column];
  if (isNamed(cell, name)) return afterName(cell as string);
  const found = cells.slice(lastOfSeven + 1).find((other) => isNamed(other, name));
  if (found !== undefined) return afterName(found);
  // Some servers leave the name out although the format promises it; what bears another one is another header.
  const isOther = fields.some((field) => isNamed(cell, field));
  return cell === '' || isOther ? undefined : cell;
}

const isNamed = (cell: string | undefined, name: string): boolean =>
  cell !== undefined &&
  cell.slice(0, name.length).toLowerCase() === name.toLowerCase() &&
  /^[ \t]*:/.test(cell.slice(name.length, name.length + 100));

const afterName = (cell: string): string => trimBlanks(cell.slice(cell.indexOf(':') + 1));

/** The References of an article, which may have none. */
const looksLikeIds = (cell: string | undefined): boolean =>
  cell === undefined || /^[ \t]*(?:<[^<>]*>[ \t]*)*$/.test(cell);

const looksLikeId = (cell: string | undefined): boolean =>
  cell !== undefined && /^\s*<[^<>\s]+>\s*$/.test(cell);

/** `undefined` for a row without an article number. Zero-padded ones, and ones above 2^31, are taken. */
export function parseOverviewRow(line: string, format: OverviewFormat): OverviewRow | undefined {
  const number = leadingNumber(line, line.indexOf('\t'));
  return number === undefined ? undefined : new OverviewRow(number, line, format);
}

/** The decimal digits before `end`, or before the line's end where that is negative. */
function leadingNumber(line: string, end: number): number | undefined {
  const to = end < 0 ? line.length : end;
  if (to === 0 || to > 24) return undefined;
  let value = 0;
  for (let i = 0; i < to; i++) {
    const digit = line.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Digits, or nothing, as where the server does not know it. */
const isFigure = (cell: string | undefined): boolean =>
  cell === undefined || cell.trim() === '' || figure(cell) !== undefined;

function figure(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const digits = text.trim();
  return leadingNumber(digits, digits.length);
}
