/**
 * A FETCH response in its plain form (RFC 9051 §7.5.2; see `plain-reader.ts`): `* 7 FETCH (UID 9 FLAGS (\Seen) …)`. Almost every
 * row of almost every server; what is not is left to `fetch-data.ts`, which gives the same for rows that both can read.
 */
import { parseDateTime } from './date-time.js';
import { emptyRow, type FetchData } from './fetch-data.js';
import { plainFlags } from './flags.js';
import type { Frame } from './frame.js';
import { close, type GrammarLimits } from './lexer.js';
import { PlainReader } from './plain-reader.js';
import { notPlain } from './plain-tokens.js';
import { Seen } from './seen.js';

/** @returns `undefined` where it is something else, or has another form */
export function plainRow(frame: Frame, limits: GrammarLimits): FetchData | undefined {
  const { text } = frame;
  // A text of so many octets cannot hold more values than that, so there is nothing to count.
  if (!text.startsWith('* ') || text.length > limits.tokens) return undefined;
  const reader = new PlainReader(frame, 2, limits);
  try {
    const row = emptyRow(reader.number(), undefined);
    if (!text.startsWith(' FETCH (', reader.pos)) return undefined;
    reader.pos += ' FETCH '.length;
    reader.open();
    do {
      const name = reader.word();
      const read = items.get(name);
      if (read === undefined) section(reader, row, name);
      else read(reader, row);
    } while (reader.more());
    reader.close();
    return reader.pos === text.length ? row : undefined;
  } catch (thrown) {
    if (thrown === notPlain) return undefined;
    throw thrown;
  }
}

const itemReaders: Record<string, (reader: PlainReader, row: FetchData) => void> = {
  UID: (reader, row) => {
    const uid = reader.number();
    row.uid = uid > 0 && row.uid === undefined ? uid : otherwise();
  },
  FLAGS: (reader, row) => {
    row.flags = row.flags === undefined ? flags(reader) : otherwise();
  },
  'RFC822.SIZE': (reader, row) => {
    row.size = row.size === undefined ? reader.number() : otherwise();
  },
  INTERNALDATE: (reader, row) => {
    if (row.internalDate !== undefined) throw notPlain;
    row.internalDate = parseDateTime(reader.string()) ?? otherwise();
  },
  ENVELOPE: (reader, row) => {
    row.envelope = row.envelope === undefined ? reader.list() : otherwise();
  },
  BODYSTRUCTURE: (reader, row) => {
    row.structure = row.structure === undefined ? reader.list() : otherwise();
  },
  MODSEQ: (reader, row) => {
    reader.open();
    row.modSeq = row.modSeq === undefined ? reader.digits() : otherwise();
    reader.close();
  },
};
const items = new Map(Object.entries(itemReaders));

/** Flags as they come, such as `(\Seen $Junk)`: a mailbox has few kinds of lists. */
function flags(reader: PlainReader): readonly string[] {
  const key = reader.upTo(close) ?? otherwise();
  const found = seenFlags.get(key) ?? seenFlags.keep(key, plainFlags(key) ?? otherwise());
  reader.pos += key.length;
  return found;
}

const seenFlags = new Seen<readonly string[]>();

/** `BODY[1.2]<0> {17}`: a body, whose octets stand beside the text. */
function section(reader: PlainReader, row: FetchData, name: string): void {
  const known = seenSections.get(name) ?? seenSections.keep(name, sectionNamed(name));
  const { octets, size } = reader.literal();
  const { section, binary, origin } = known;
  row.sections.push({ section, binary, origin, octets, size });
}

interface SectionName {
  section: string;
  binary: boolean;
  origin: number | undefined;
}

const seenSections = new Seen<SectionName>();

function sectionNamed(name: string): SectionName {
  const found = /^(BODY|BINARY)\[([\d.]*(?:HEADER|TEXT|MIME)?)\](?:<(\d{1,9})>)?$/.exec(name);
  if (found === null) throw notPlain;
  const [, item, section = '', origin] = found;
  return {
    section,
    binary: item === 'BINARY',
    origin: origin === undefined ? undefined : Number(origin),
  };
}

function otherwise(): never {
  throw notPlain;
}
