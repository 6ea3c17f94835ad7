/** NZB 1.1: which articles make which files. Read by hand, in one pass; no entity or document type of its own is followed. */
import { UsageError } from '@fivewire/line-protocol';
import { iconv } from '../iconv.js';

export interface NzbSegment {
  /** From 1. */
  number: number;
  /** Octets of the article, as the indexer has it: advice. */
  bytes: number | undefined;
  /** With angle brackets. */
  messageId: string;
}

export interface NzbFile {
  poster: string;
  date: Date | undefined;
  subject: string;
  /** The file's name, as far as the subject tells it. */
  name: string | undefined;
  groups: string[];
  /** By number; one of each number. */
  segments: NzbSegment[];
}

export interface Nzb {
  /** `title`, `password`, `tag`, `category`, … */
  meta: { type: string; value: string }[];
  files: NzbFile[];
  /** What could not be read, or is there twice. */
  problems: string[];
}

const limits = { octets: 512 * 2 ** 20, segments: 5_000_000 };

/**
 * @param xml the file; octets are UTF-8, or in the charset that the declaration names, or UTF-16 by its first two
 * @throws UsageError ERR_ARGUMENT for what is no NZB, and for one beyond all measure
 */
export function parseNzb(xml: string | Uint8Array): Nzb {
  const nzb: Nzb = { meta: [], files: [], problems: [] };
  const text = decode(xml, nzb.problems);
  let file: NzbFile | undefined;
  let segments = 0;
  let isNzb = false;
  let isOver = false;
  let value = '';
  let attributes: Record<string, string> = {};
  for (const { kind, name, source, closes } of tokens(text)) {
    if (kind === 'text') {
      value += source;
      continue;
    }
    if (kind === 'open') {
      value = '';
      if (name === 'nzb') isNzb = true;
      if (['file', 'segment', 'meta'].includes(name)) attributes = attributesOf(source);
      if (name === 'file') {
        const { poster = '', date = '', subject = '' } = attributes;
        const time = /^\d{1,11}$/.test(date) ? new Date(Number(date) * 1_000) : undefined;
        file = { poster, date: time, subject, name: nameIn(subject), groups: [], segments: [] };
        nzb.files.push(file);
      }
      if (!closes) continue;
    }
    const content = value.trim();
    value = '';
    if (name === 'meta') nzb.meta.push({ type: attributes.type ?? '', value: content });
    else if (name === 'group' && content !== '') file?.groups.push(content);
    else if (name === 'segment') {
      if (++segments > limits.segments) throw notNzb('it has too many segments');
      const segment = segmentOf(content, attributes);
      if (segment === undefined || file === undefined) {
        if (nzb.problems.length < 1_000)
          nzb.problems.push(
            `a segment of ${file?.name ?? file?.subject ?? 'no file'} can't be read: ${content.slice(0, 80)}`,
          );
      } else file.segments.push(segment);
    } else if (name === 'file') file = undefined;
    else if (name === 'nzb') isOver = true;
  }
  if (!isNzb) throw notNzb('it has no <nzb>');
  if (!isOver) nzb.problems.push('it is cut: </nzb> is missing');
  for (const each of nzb.files) each.segments = inOrder(each, nzb.problems);
  return nzb;
}

/** Writes one: what {@link parseNzb} reads. */
export function formatNzb({
  meta = [],
  files,
}: {
  meta?: Nzb['meta'];
  files: readonly Omit<NzbFile, 'name'>[];
}): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE nzb PUBLIC "-//newzBin//DTD NZB 1.1//EN" "http://www.newzbin.com/DTD/nzb/nzb-1.1.dtd">',
    '<nzb xmlns="http://www.newzbin.com/DTD/2003/nzb">',
  ];
  if (meta.length > 0) {
    lines.push('  <head>');
    for (const { type, value } of meta)
      lines.push(`    <meta type="${toXml(type)}">${toXml(value)}</meta>`);
    lines.push('  </head>');
  }
  for (const { poster, date, subject, groups, segments } of files) {
    const time =
      date === undefined || Number.isNaN(date.getTime())
        ? ''
        : ` date="${Math.floor(date.getTime() / 1_000)}"`;
    lines.push(`  <file poster="${toXml(poster)}"${time} subject="${toXml(subject)}">`);
    lines.push('    <groups>');
    for (const group of groups) lines.push(`      <group>${toXml(group)}</group>`);
    lines.push('    </groups>', '    <segments>');
    for (const { number, bytes, messageId } of segments) {
      const octets = bytes === undefined ? '' : ` bytes="${bytes}"`;
      lines.push(
        `      <segment${octets} number="${number}">${toXml(messageId.replace(/^<|>$/g, ''))}</segment>`,
      );
    }
    lines.push('    </segments>', '  </file>');
  }
  return `${[...lines, '</nzb>'].join('\n')}\n`;
}

interface Token {
  kind: 'open' | 'close' | 'text';
  /** Lower case, without a prefix. */
  name: string;
  /** Text, or what stands behind the name in a tag. */
  source: string;
  closes: boolean;
}

function* tokens(text: string): Generator<Token, void, undefined> {
  let at = 0;
  const skipTo = (end: string): void => {
    const found = text.indexOf(end, at);
    at = found < 0 ? text.length : found + end.length;
  };
  while (at < text.length) {
    const open = text.indexOf('<', at);
    const stop = open < 0 ? text.length : open;
    if (stop > at)
      yield { kind: 'text', name: '', source: fromXml(text.slice(at, stop)), closes: false };
    if (open < 0) return;
    at = open;
    if (text.startsWith('<!--', at)) skipTo('-->');
    else if (text.startsWith('<![CDATA[', at)) {
      const from = at + 9;
      skipTo(']]>');
      yield { kind: 'text', name: '', source: text.slice(from, at - 3), closes: false };
    } else if (text.startsWith('<?', at)) skipTo('?>');
    else if (text.startsWith('<!', at)) {
      const end = text.indexOf('>', at);
      if (text.slice(at, end < 0 ? at : end).includes('['))
        throw notNzb('it declares entities of its own');
      skipTo('>');
    } else {
      const end = tagEnd(text, at);
      if (end < 0) throw notNzb('a tag does not end');
      const inside = text.slice(at + 1, end);
      at = end + 1;
      const [, slash = '', name = '', rest = ''] =
        /^(\/?)(?:[\w.-]+:)?([\w.-]+)([\s\S]*)$/.exec(inside) ?? [];
      if (slash !== '')
        yield { kind: 'close', name: name.toLowerCase(), source: '', closes: false };
      else
        yield { kind: 'open', name: name.toLowerCase(), source: rest, closes: rest.endsWith('/') };
    }
  }
}

/** Where a tag has its `>`: one may stand in the value of an attribute. A quote that does not close is none. */
function tagEnd(text: string, from: number): number {
  let before = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 62) return at;
    if ((code === 34 || code === 39) && before === 61) {
      const close = text.indexOf(text[at] as string, at + 1);
      if (close > 0) at = close;
    }
    if (code > 32) before = code;
  }
  return -1;
}

function attributesOf(source: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', double, single] of source.matchAll(
    /(?<![\w.:-])([\w.:-]{1,64})\s{0,64}=\s{0,64}(?:"([^"]*)"|'([^']*)')/g,
  ))
    found[name.toLowerCase()] = fromXml(double ?? single ?? '');
  return found;
}

function segmentOf(
  content: string,
  { number = '', bytes = '' }: Record<string, string>,
): NzbSegment | undefined {
  const id = content.replace(/^<|>$/g, '');
  if (!/^[\x21-\x3b\x3d\x3f-\x7e]{1,248}$/.test(id) || !/^\d{1,9}$/.test(number)) return undefined;
  return {
    number: Number(number),
    bytes: /^\d{1,15}$/.test(bytes) ? Number(bytes) : undefined,
    messageId: `<${id}>`,
  };
}

function inOrder(file: NzbFile, problems: string[]): NzbSegment[] {
  const one = new Map<number, NzbSegment>();
  for (const segment of file.segments) {
    const other = one.get(segment.number);
    if (other === undefined) one.set(segment.number, segment);
    else if (other.messageId !== segment.messageId && problems.length < 1_000)
      problems.push(
        `segment ${segment.number} of ${file.name ?? file.subject} is there twice: ${segment.messageId} is left out`,
      );
  }
  const sorted = [...one.values()].sort((a, b) => a.number - b.number);
  let next = 1;
  for (const { number } of sorted) {
    if (number > next && problems.length < 1_000) {
      const which =
        number === next + 1 ? `segment ${next} is` : `segments ${next} to ${number - 1} are`;
      problems.push(`${which} missing of ${file.name ?? file.subject}`);
    }
    next = number + 1;
  }
  return sorted;
}

/** `"name.ext" yEnc (1/2)`, the last in quotes that has an extension; without quotes the word with an extension before yEnc. */
function nameIn(subject: string): string | undefined {
  const text = subject.slice(0, 1_000);
  const quoted = [...text.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name.trim());
  return (
    quoted.findLast((name) => /\.\w{1,8}$/.test(name)) ??
    quoted[0] ??
    /(?<!\S)(\S+\.\w{1,8})(?=\s+(?:yEnc|\(\d+\/\d+\)))/i.exec(text)?.[1]
  );
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const fromXml = (text: string): string =>
  !text.includes('&')
    ? text
    : text.replace(
        /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
        (whole, decimal, hex, name) => {
          if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
          const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
          const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
          return isCharacter ? String.fromCodePoint(code) : whole;
        },
      );

const toXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // A reader makes blanks of them where they stand for themselves.
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '');

function decode(xml: string | Uint8Array, problems: string[]): string {
  if (typeof xml !== 'string' && !(xml instanceof Uint8Array))
    throw notNzb('it is neither text nor octets');
  if (xml.length > limits.octets) throw notNzb('it is too long');
  if (typeof xml === 'string') return xml.replace(/^\ufeff/, '');
  const octets = Buffer.from(xml.buffer, xml.byteOffset, xml.length);
  if (/^(?:\xff\xfe|\xfe\xff)/.test(octets.toString('latin1', 0, 2)))
    return iconv().decode(octets, 'utf-16');
  const [, charset = 'utf-8'] =
    /^[^>]*encoding\s*=\s*["']([\w.:-]{1,40})["']/i.exec(octets.toString('latin1', 0, 200)) ?? [];
  const isKnown = iconv().encodingExists(charset) && !noCharset.test(charset);
  if (!isKnown) problems.push(`its charset ${charset} is not known: it is read as UTF-8`);
  return iconv().decode(octets, isKnown ? charset : 'utf-8');
}

/** A declaration that can be read as ASCII is not in UTF-16; and some of what iconv-lite knows are none. */
const noCharset = /^(?:utf-?(?:7|16|32)|ucs|base64|hex|binary)/i;

const notNzb = (why: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `This is no NZB: ${why}`, { protocol: 'nntp', argument: 'xml' });
