/** BODYSTRUCTURE (RFC 9051 §7.5.2) in its plain form: see `plain-reader.ts`. Gives what `body-structure.ts` gives. */
import { decodeText } from '@fivewire/line-protocol';
import type { BodyDisposition, BodyPart } from './body-structure.js';
import { decodeHeaderText, decodeParameters } from './encoded-word.js';
import { Envelope, plainEnvelope } from './envelope.js';
import { close, isDigit, open, quote } from './lexer.js';
import { notPlain, type PlainReader } from './plain-reader.js';
import { Seen } from './seen.js';

export const plainStructure = (reader: PlainReader): BodyPart => body(reader, '', true);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** body = "(" (body-type-1part / body-type-mpart) ")"; `part` and `isMessage` as in `body-structure.ts` */
function body(reader: PlainReader, part: string, isMessage: boolean): BodyPart {
  reader.open();
  const found =
    reader.peek() === open
      ? multipart(reader, part)
      : basic(reader, isMessage ? below(part, 1) : part);
  reader.close();
  return found;
}

/** body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
function multipart(reader: PlainReader, part: string): BodyPart {
  const parts: BodyPart[] = [];
  do parts.push(body(reader, below(part, parts.length + 1), false));
  while (reader.peek() === open);
  reader.space();
  const found: Writable<BodyPart> = {
    part,
    type: `multipart/${word(reader)}`,
    parameters: reader.more() ? parameters(reader) : noParameters,
    encoding: '',
    size: 0,
    parts,
  };
  extension(reader, found);
  return found;
}

/** body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part] */
function basic(reader: PlainReader, part: string): BodyPart {
  const words: string[] = [];
  const texts: (string | null)[] = [];
  let given = noParameters;
  for (let i = 0; i < 6; i++) {
    if (i === 2) given = parameters(reader);
    else if (i === 3 || i === 4) texts.push(reader.nstring());
    else words.push(i === 5 && reader.nil() ? '' : word(reader));
    reader.space();
  }
  const [mediaType, subtype, encoding] = words as [string, string, string];
  const [id, description] = texts as [string | null, string | null];
  const type = `${mediaType}/${subtype}`;
  const size = reader.number();
  const found: Writable<BodyPart> = { part, type, parameters: given, encoding, size, parts: [] };
  if (id !== null) found.id = decodeText(id);
  if (description !== null) found.description = decodeHeaderText(description);
  if (!reader.more()) return found;
  const isMessage = type === 'message/rfc822' || type === 'message/global';
  if (isMessage || mediaType === 'text') {
    if (isMessage && reader.peek() === open) embedded(reader, found);
    if (isDigit(reader.peek())) {
      found.lines = reader.number();
      if (!reader.more()) return found;
    }
  }
  const md5 = reader.nstring();
  if (md5 !== null) found.md5 = md5;
  extension(reader, found);
  return found;
}

/** envelope SP body SP, of a message inside */
function embedded(reader: PlainReader, found: Writable<BodyPart>): void {
  found.envelope = new Envelope(plainEnvelope(reader));
  reader.space();
  found.parts = [body(reader, found.part, true)];
  reader.space();
}

/** [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]; what may stand behind that is not plain */
function extension(reader: PlainReader, part: Writable<BodyPart>): void {
  const disposition = reader.more() ? dispositionOf(reader) : undefined;
  const language = reader.more() ? languages(reader) : undefined;
  const location = reader.more() ? reader.nstring() : null;
  const filename = disposition?.parameters.filename ?? part.parameters.name;
  if (filename !== undefined) part.filename = filename;
  if (disposition !== undefined) part.disposition = disposition;
  if (language !== undefined) part.language = language;
  if (location !== null) part.location = decodeText(location);
}

/** body-fld-dsp = "(" string SP body-fld-param ")" / nil */
function dispositionOf(reader: PlainReader): BodyDisposition | undefined {
  if (reader.nil()) return undefined;
  reader.open();
  const type = word(reader);
  reader.space();
  const found = { type, parameters: parameters(reader) };
  reader.close();
  return found;
}

/** body-fld-lang = nstring / "(" string *(SP string) ")" */
function languages(reader: PlainReader): readonly string[] | undefined {
  if (reader.nil()) return undefined;
  if (reader.peek() !== open) return [reader.string()];
  return strings(reader);
}

/** "(" string *(SP string) ")" */
function strings(reader: PlainReader): string[] {
  const found: string[] = [];
  reader.open();
  do found.push(reader.string());
  while (reader.more());
  reader.close();
  return found;
}

/** body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
function parameters(reader: PlainReader): Readonly<Record<string, string>> {
  if (reader.nil()) return noParameters;
  const key = reader.upTo(close);
  const known = key === undefined ? undefined : seenParameters.get(key);
  if (key !== undefined && known !== undefined) {
    reader.pos += key.length;
    return known;
  }
  const end = reader.pos + (key?.length ?? 0);
  const words = strings(reader);
  if (words.length % 2 === 1) throw notPlain;
  const pairs: [string, string][] = [];
  for (let i = 0; i < words.length; i += 2)
    pairs.push([words[i] as string, words[i + 1] as string]);
  const found = decodeParameters(pairs);
  // Boundaries and file names hardly ever come twice.
  const isCommon = key !== undefined && reader.pos === end && /^\("charset"/i.test(key);
  return isCommon ? seenParameters.keep(key, Object.freeze(found)) : found;
}

const noParameters: Readonly<Record<string, string>> = Object.freeze({});

const seenParameters = new Seen<Readonly<Record<string, string>>>();

/** A string in lower case, which is not empty: types, subtypes, encodings. */
function word(reader: PlainReader): string {
  if (reader.peek() !== quote) throw notPlain;
  const text = reader.string();
  if (text === '') throw notPlain;
  return seenWords.get(text) ?? seenWords.keep(text, decodeText(text).toLowerCase());
}

const seenWords = new Seen<string>();

const below = (part: string, number: number): string =>
  part === '' ? String(number) : `${part}.${number}`;
