/** yEnc (yenc.org, version 1.3): parts of a file in articles, decoded and encoded, whole or as streams. */
import { Transform, type TransformCallback } from 'node:stream';
import { trimBlanks, UsageError } from '@fivewire/line-protocol';
import { crc32 } from './crc32.js';
import { decodeBy, encodeBy, yencode } from './yenc-native.js';
import { decodeOctets, type EscapeState, encodeOctets, type LineState } from './yenc-octets.js';

// =ybegin [part=1 total=3] line=128 size=123456 name=anything to the end of the line
// =ypart begin=1 end=100000                      where part= was given; octets count from 1
// =yend size=100000 [part=1] [pcrc32=abcdef12] [crc32=12345678]

/** What a part says about itself, and what is wrong with it. */
export interface YencPart {
  /** The file's name as the poster has it: never a path. See {@link safeName}. */
  name: string | undefined;
  /** Octets of the whole file. */
  size: number | undefined;
  /** From 1; `undefined` for a file in one article. */
  part: number | undefined;
  total: number | undefined;
  /** Where the part belongs in the file: the offset of its first octet, from 0. */
  offset: number;
  /** Octets that came out. */
  octets: number;
  /** Their CRC-32. */
  crc32: number;
  /** Whether the CRC is the one promised; `undefined` where none was. */
  crcOk: boolean | undefined;
  /** What is damaged: a wrong CRC, a wrong length, a missing `=yend`. Empty where the part is proven, or nothing speaks against it. */
  problems: readonly string[];
}

const lf = 10;
const newline = Buffer.from('\n');
const trailer = Buffer.from('\n=y');

/** Decodes an article's body, without dot stuffing. The octets come as they come; {@link part} tells the rest at the end. */
export class YencDecoder extends Transform {
  #line = '';
  #at: 'before' | 'begun' | 'data' | 'after' | 'over' = 'before';
  #begin: Map<string, string> | undefined;
  #part: Map<string, string> | undefined;
  #end: Map<string, string> | undefined;
  #held: Buffer = newline;
  #state: EscapeState = { escaped: false };
  #octets = 0;
  #crc = 0;

  /** What has been found so far; complete at the stream's end. `undefined` where there is no `=ybegin`. */
  get part(): YencPart | undefined {
    if (this.#begin === undefined) return undefined;
    return judge(this.#begin, this.#part, this.#end, this.#octets, this.#crc);
  }

  /** Decodes a piece. Pure, for those who need no stream. */
  decode(octets: Uint8Array): Buffer {
    let rest: Buffer = Buffer.isBuffer(octets)
      ? octets
      : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    while (this.#at !== 'data' && this.#at !== 'over' && rest.length > 0) {
      const end = rest.indexOf(lf);
      const text = rest.toString('latin1', 0, end < 0 ? rest.length : end);
      const head = this.#line + text.slice(0, partWord.length);
      const mayBePart = head.startsWith(partWord) || (end < 0 && partWord.startsWith(head));
      if (this.#at === 'begun' && !mayBePart) {
        this.#at = 'data'; // a part without =ypart: this line is its first
        rest = Buffer.concat([Buffer.from(this.#line, 'latin1'), rest]);
        this.#line = '';
        break;
      }
      if (this.#line.length < lineLimit) this.#line += text;
      if (end < 0) return nothing;
      const line = this.#line;
      this.#line = '';
      this.#read(line);
      rest = rest.subarray(end + 1);
    }
    return this.#at === 'data' ? this.#decodeData(rest) : nothing;
  }

  override _transform(octets: Uint8Array, _: string, callback: TransformCallback): void {
    const content = this.decode(octets);
    callback(null, content.length > 0 ? content : undefined);
  }

  override _flush(callback: TransformCallback): void {
    if (this.#at === 'after' && this.#line !== '') this.#read(this.#line);
    callback();
  }

  /** Ends what {@link decode} was given. */
  finish(): YencPart | undefined {
    this._flush(() => {});
    return this.part;
  }

  #read(line: string): void {
    const words = trimBlanks(line);
    if (this.#at === 'before' && words.startsWith('=ybegin ')) {
      const begin = keywords(words);
      if (!['part', 'line', 'size'].some((word) => begin.has(word))) return; // a text about yEnc
      this.#begin = begin;
      this.#at = 'begun';
    } else if (this.#at === 'begun') {
      this.#at = 'data';
      this.#part = keywords(words);
    } else if (this.#at === 'after') {
      if (words.startsWith('=yend')) this.#end = keywords(words);
      // What follows is no word about this file: it may be another one.
      if (this.#end !== undefined || words.startsWith('=ybegin ')) this.#at = 'over';
    }
  }

  #decodeData(octets: Buffer): Buffer {
    if (octets.length === 0) return nothing;
    // A lone line end matters only before what may be the trailer.
    const joins = this.#held.length > 1 || (this.#held.length === 1 && octets[0] === 61);
    const all = joins ? Buffer.concat([this.#held, octets]) : octets;
    this.#held = nothing;
    const end = all.indexOf(trailer);
    if (end >= 0) {
      const content = this.#count(decoded(all.subarray(0, end), this.#state));
      this.#at = 'after';
      this.decode(all.subarray(end + 1));
      return content;
    }
    // What may be the beginning of the trailer waits for more.
    const last = all.length - 1;
    const from = all[last] === lf ? last : all[last] === 61 && all[last - 1] === lf ? last - 1 : -1;
    if (from < 0) return this.#count(decoded(all, this.#state));
    this.#held = Buffer.from(all.subarray(from));
    return this.#count(decoded(all.subarray(0, from), this.#state));
  }

  #count(content: Buffer): Buffer {
    this.#octets += content.length;
    this.#crc = crc32(content, this.#crc);
    return content;
  }
}

export interface YencEncoding {
  /** The file's name. */
  name: string;
  /** Octets a line, from 1 to 254. Default 128. */
  line?: number;
  /** For one part of several: which, of how many, and where it lies in the file. */
  part?: { number: number; total: number; offset: number; fileSize: number };
}

export interface YencEncoderOptions extends YencEncoding {
  /** Octets that will come: `=ybegin` names them first. */
  size: number;
}

/** Encodes one part, as an article's body. Fails where other than `size` octets come. */
export class YencEncoder extends Transform {
  #writer: PartWriter;

  /** @throws UsageError ERR_ARGUMENT */
  constructor(options: YencEncoderOptions) {
    super();
    this.#writer = new PartWriter(options);
  }

  override _transform(octets: Uint8Array, _: string, callback: TransformCallback): void {
    callback(null, this.#writer.write(octets));
  }

  override _flush(callback: TransformCallback): void {
    try {
      callback(null, this.#writer.end());
    } catch (error) {
      callback(error as Error);
    }
  }
}

class PartWriter {
  #options: YencEncoderOptions;
  #lineOctets: number;
  #line = { column: 0 };
  #octets = 0;
  #crc = 0;

  constructor(options: YencEncoderOptions) {
    const { name, size, line = 128, part } = options;
    if (typeof name !== 'string' || name === '' || /[\0\r\n]/.test(name))
      throw wrong('name', 'name must be a file name in one line');
    if (!Number.isSafeInteger(line) || line < 1 || line > 254)
      throw wrong('line', 'line must be a whole number from 1 to 254');
    for (const figure of [size, ...(part === undefined ? [] : Object.values(part))]) {
      if (!Number.isSafeInteger(figure) || figure < 0)
        throw wrong('size', 'sizes, offsets and part numbers are whole numbers');
    }
    this.#options = options;
    this.#lineOctets = line;
  }

  write(octets: Uint8Array): Buffer {
    const begin = this.#octets === 0 ? this.#beginning() : nothing;
    this.#octets += octets.length;
    this.#crc = crc32(octets, this.#crc);
    const written = encoded(octets, this.#lineOctets, this.#line);
    return begin.length > 0 ? Buffer.concat([begin, written]) : written;
  }

  end(): Buffer {
    const { size, part } = this.#options;
    if (this.#octets !== size)
      throw wrong('size', `${this.#octets} octets came, and size said ${size}`);
    const begin = size === 0 ? this.#beginning() : nothing;
    const crc = this.#crc.toString(16).padStart(8, '0');
    const proof = part === undefined ? `crc32=${crc}` : `part=${part.number} pcrc32=${crc}`;
    const lineEnd = this.#line.column > 0 ? '\r\n' : '';
    return Buffer.concat([begin, Buffer.from(`${lineEnd}=yend size=${size} ${proof}\r\n`)]);
  }

  #beginning(): Buffer {
    const { name, size, part } = this.#options;
    const line = `line=${this.#lineOctets}`;
    if (part === undefined) return Buffer.from(`=ybegin ${line} size=${size} name=${name}\r\n`);
    const { number, total, offset, fileSize } = part;
    return Buffer.from(
      `=ybegin part=${number} total=${total} ${line} size=${fileSize} name=${name}\r\n` +
        `=ypart begin=${offset + 1} end=${offset + size}\r\n`,
    );
  }
}

function decoded(octets: Uint8Array, state: EscapeState): Buffer {
  const native = yencode();
  return native === undefined ? decodeOctets(octets, state) : decodeBy(native, octets, state);
}

function encoded(octets: Uint8Array, lineOctets: number, state: LineState): Buffer {
  const native = yencode();
  return native === undefined
    ? encodeOctets(octets, lineOctets, state)
    : encodeBy(native, octets, lineOctets, state);
}

export const yenc = {
  /** Whether the package `yencode` is installed, which does the same several times as fast. */
  get accelerated(): boolean {
    return yencode() !== undefined;
  },
  /**
   * Decodes an article's body, without dot stuffing: the first file or part in it.
   * @returns the part, with its `content`; `undefined` where there is no `=ybegin`
   */
  decode(octets: Uint8Array): (YencPart & { content: Buffer }) | undefined {
    const decoder = new YencDecoder();
    const content = decoder.decode(octets);
    const part = decoder.finish();
    return part && { ...part, content };
  },
  /** As `decode`, of a body with several files. */
  decodeAll(octets: Uint8Array): (YencPart & { content: Buffer })[] {
    const all = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    const starts = [0];
    for (let at = 0; at >= 0; at = all.indexOf('\n=ybegin ', at + 1, 'latin1')) {
      if (at > 0) starts.push(at + 1);
    }
    return starts.flatMap((from, i) => yenc.decode(all.subarray(from, starts[i + 1])) ?? []);
  },
  /** Encodes a file, or a part of one, as an article's body. @throws UsageError ERR_ARGUMENT */
  encode(octets: Uint8Array, encoding: YencEncoding): Buffer {
    const writer = new PartWriter({ ...encoding, size: octets.length });
    return Buffer.concat([octets.length > 0 ? writer.write(octets) : nothing, writer.end()]);
  },
} as const;

const partWord = '=ypart ';

/** `key=value` words; `name` is the last and goes to the line's end, blanks and all. Names are UTF-8, or Latin-1 of old. */
function keywords(line: string): Map<string, string> {
  const found = new Map<string, string>();
  const name = / name=(.*)$/.exec(line);
  const words = name === null ? line : line.slice(0, name.index);
  for (const [, key = '', value = ''] of words.matchAll(/ ([a-z0-9]{1,10})=(\S{0,40})/g)) {
    if (!found.has(key)) found.set(key, value);
  }
  if (name !== null) found.set('name', trimBlanks(name[1] as string).replace(/^"(.*)"$/, '$1'));
  return found;
}

function judge(
  begin: Map<string, string>,
  part: Map<string, string> | undefined,
  end: Map<string, string> | undefined,
  octets: number,
  crc: number,
): YencPart {
  const problems: string[] = [];
  const number = figure(begin.get('part'));
  const isAlone = number === undefined && part === undefined;
  const [from, to] = [figure(part?.get('begin')), figure(part?.get('end'))];
  const promised = figure(end?.get('size'));
  if (end === undefined) problems.push('=yend is missing');
  else if (promised !== undefined && promised !== octets)
    problems.push(`${octets} octets came, and =yend says ${promised}`);
  if (from !== undefined && to !== undefined && to - from + 1 !== octets)
    problems.push(`${octets} octets came, and =ypart says ${from} to ${to}`);
  else if (number !== undefined && from === undefined) problems.push('=ypart is missing');
  const size = figure(begin.get('size'));
  if (to !== undefined && size !== undefined && to > size)
    problems.push(`=ypart ends at ${to}, and the file has ${size}`);
  const ended = figure(end?.get('part'));
  if (number !== undefined && ended !== undefined && ended !== number)
    problems.push(`=yend is that of part ${ended}, and this is part ${number}`);
  if (isAlone && size !== octets)
    problems.push(`${octets} octets came, and =ybegin says ${begin.get('size')}`);
  // crc32 is that of the file: of the part too where this is all of it.
  const isFile = isAlone || (from === 1 && to === size);
  const [ofFile, ofPart] = [isFile ? end?.get('crc32') : undefined, end?.get('pcrc32')];
  const told = isAlone ? (ofFile ?? ofPart) : (ofPart ?? ofFile);
  // Some write 64 bits (sabctools#96): the last eight digits are the CRC.
  const expected = told !== undefined && /^(?:0x)?[0-9a-f]{1,20}$/i.test(told) ? told : undefined;
  const crcOk =
    expected === undefined
      ? undefined
      : Number.parseInt(expected.replace(/^0x/i, '').slice(-8), 16) === crc;
  if (crcOk === false)
    problems.push(`the CRC is ${crc.toString(16).padStart(8, '0')}, and =yend says ${told}`);
  else if (told !== undefined && crcOk === undefined)
    problems.push(`=yend has no CRC that can be read: ${told}`);
  const name = begin.get('name');
  return {
    name: name === undefined || name === '' ? undefined : utf8OrLatin1(name),
    size,
    part: number,
    total: figure(begin.get('total')),
    offset: from === undefined || from < 1 ? 0 : from - 1,
    octets,
    crc32: crc,
    crcOk,
    problems,
  };
}

const figure = (text: string | undefined): number | undefined => {
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
};

function utf8OrLatin1(octets: string): string {
  const bytes = Buffer.from(octets, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? octets : text;
}

const nothing = Buffer.alloc(0);
/** What is before and behind the data may have long lines; more of one than this tells nothing. */
const lineLimit = 4_096;

const wrong = (argument: string, message: string): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { protocol: 'nntp', argument });
