/** BODY[section]<partial>, RFC 9051 §6.4.5.1. */
import { fieldsOf } from '../message.js';
import { Refusal } from './arguments.js';
import type { Part } from './mime.js';

export interface Section {
  /** As the response repeats it: without PEEK and length. */
  label: string;
  peek: boolean;
  binary: boolean;
  path: readonly number[];
  what: '' | 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME';
  names: readonly string[];
  partial: { offset: number; length: number } | undefined;
}

const pattern =
  /^(BODY|BINARY)(\.PEEK)?\[((?:\d{1,9}\.?)*)(?:(HEADER\.FIELDS(?:\.NOT)?) \(([^)]*)\)|(HEADER|TEXT|MIME))?\](?:<(\d{1,10})\.(\d{1,10})>)?$/i;

/** `undefined` for what is no section at all. */
export function parseSection(text: string): Section | undefined {
  const match = pattern.exec(text);
  if (!match) {
    if (/^(BODY|BINARY)(\.PEEK)?\[/i.test(text)) throw new Refusal('BAD Unknown section');
    return undefined;
  }
  const [, kind = '', peek, path = '', fields, names = '', plain, offset, length] = match;
  const label = text.replace(/\.PEEK/i, '').replace(/<.*>$/, '');
  return {
    label: offset === undefined ? label : `${label}<${offset}>`,
    peek: peek !== undefined,
    binary: /binary/i.test(kind),
    path: path.split('.').filter(Boolean).map(Number),
    what: (fields ?? plain ?? '').toUpperCase() as Section['what'],
    names: names.split(/\s+/).map((name) => name.replace(/^"|"$/g, '').toLowerCase()),
    partial: offset === undefined ? undefined : { offset: Number(offset), length: Number(length) },
  };
}

/** The octets of a section, or `undefined` where the message has no such part. */
export function sectionOctets(root: Part, octets: Buffer, section: Section): Buffer | undefined {
  const found = wholeSection(root, octets, section);
  if (!found || !section.partial) return found;
  const { offset, length } = section.partial;
  return found.subarray(offset, offset + length);
}

function wholeSection(root: Part, octets: Buffer, section: Section): Buffer | undefined {
  const { path, what } = section;
  if (path.length === 0) {
    if (what === '') return octets;
    return what === 'MIME' ? undefined : ofMessage(root, section);
  }
  const part = descend(root, path);
  if (!part) return undefined;
  if (what === '') return section.binary ? decodeBody(part) : part.body;
  if (what === 'MIME') return part.header;
  return part.message && ofMessage(part.message, section);
}

function ofMessage(message: Part, { what, names }: Section): Buffer {
  if (what === 'TEXT') return message.body;
  if (what === 'HEADER') return message.header;
  const fields = fieldsOf(message.header).filter(
    ({ name }) => names.includes(name.toLowerCase()) === (what === 'HEADER.FIELDS'),
  );
  return Buffer.from(`${fields.map(({ raw }) => raw).join('')}\r\n`, 'latin1');
}

/** Part 1 of what has no parts is its own body. */
function descend(root: Part, path: readonly number[]): Part | undefined {
  let part: Part | undefined = root;
  for (const number of path) {
    const within: Part | undefined = part === root ? root : (part?.message ?? part);
    if (!within) return undefined;
    if (within.parts.length > 0) part = within.parts[number - 1];
    else if (number === 1 && (part === root || part?.message)) part = bodyOnly(within);
    else return undefined;
  }
  return part;
}

const bodyOnly = (part: Part): Part => ({ ...part });

/** BINARY, RFC 3516: the content-transfer-encoding undone. */
function decodeBody(part: Part): Buffer {
  const encoding = part.fields.find(({ name }) => /^content-transfer-encoding$/i.test(name))?.value;
  switch (encoding?.toLowerCase()) {
    case 'base64':
      return Buffer.from(part.body.toString('latin1'), 'base64');
    case 'quoted-printable':
      return Buffer.from(
        part.body
          .toString('latin1')
          .replace(/[ \t]*=[ \t]*\r?\n/g, '')
          .replace(/=([0-9A-F]{2})/gi, (_all, hex: string) =>
            String.fromCharCode(Number.parseInt(hex, 16)),
          ),
        'latin1',
      );
    default:
      return part.body;
  }
}
