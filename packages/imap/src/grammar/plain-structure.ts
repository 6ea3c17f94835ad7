/** BODYSTRUCTURE (RFC 9051 §7.5.2) in its plain form: see `plain-tokens.ts`. Gives what `body-structure.ts` gives. */
import { decodeText } from '@fivewire/line-protocol';
import type { BodyDisposition, BodyPart } from './body-structure.js';
import { decodeHeaderText, decodeParameters } from './encoded-word.js';
import { Envelope, plainEnvelope } from './envelope.js';
import { notPlain, type Tokens } from './plain-tokens.js';
import { Seen } from './seen.js';

/** What `body-structure.ts` would give. */
export const plainStructure = (tokens: Tokens): BodyPart => body(tokens, '', true);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** body = "(" (body-type-1part / body-type-mpart) ")"; `part` and `isMessage` as in `body-structure.ts` */
function body(tokens: Tokens, part: string, isMessage: boolean): BodyPart {
  tokens.open();
  const found = tokens.isOpen
    ? multipart(tokens, part)
    : basic(tokens, isMessage ? below(part, 1) : part);
  tokens.close();
  return found;
}

/** body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
function multipart(tokens: Tokens, part: string): BodyPart {
  const parts: BodyPart[] = [];
  do parts.push(body(tokens, below(part, parts.length + 1), false));
  while (tokens.isOpen);
  const found: Writable<BodyPart> = {
    part,
    type: `multipart/${word(tokens)}`,
    parameters: tokens.more ? parameters(tokens) : noParameters,
    encoding: '',
    size: 0,
    parts,
  };
  extension(tokens, found);
  return found;
}

/** body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part] */
function basic(tokens: Tokens, part: string): BodyPart {
  const mediaType = word(tokens);
  const type = `${mediaType}/${word(tokens)}`;
  const given = parameters(tokens);
  const id = tokens.nstring();
  const description = tokens.nstring();
  const encoding = tokens.nil() ? '' : word(tokens);
  const size = tokens.number();
  const found: Writable<BodyPart> = { part, type, parameters: given, encoding, size, parts: [] };
  if (id !== null) found.id = decodeText(id);
  if (description !== null) found.description = decodeHeaderText(description);
  if (given.name !== undefined) found.filename = given.name;
  if (!tokens.more) return found;
  const isMessage = type === 'message/rfc822' || type === 'message/global';
  if (isMessage || mediaType === 'text') {
    if (isMessage && tokens.isOpen) embedded(tokens, found);
    if (tokens.isNumber) {
      found.lines = tokens.number();
      if (!tokens.more) return found;
    }
  }
  const md5 = tokens.nstring();
  if (md5 !== null) found.md5 = md5;
  extension(tokens, found);
  return found;
}

/** envelope SP body SP, of a message inside */
function embedded(tokens: Tokens, found: Writable<BodyPart>): void {
  found.envelope = new Envelope(plainEnvelope(tokens));
  found.parts = [body(tokens, found.part, true)];
}

/** [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]; what may stand behind that is not plain */
function extension(tokens: Tokens, part: Writable<BodyPart>): void {
  const disposition = tokens.more ? dispositionOf(tokens) : undefined;
  const language = tokens.more ? languages(tokens) : undefined;
  const location = tokens.more ? tokens.nstring() : null;
  const filename = disposition?.parameters.filename ?? part.parameters.name;
  if (filename !== undefined) part.filename = filename;
  if (disposition !== undefined) part.disposition = disposition;
  if (language !== undefined) part.language = language;
  if (location !== null) part.location = decodeText(location);
}

/** body-fld-dsp = "(" string SP body-fld-param ")" / nil */
function dispositionOf(tokens: Tokens): BodyDisposition | undefined {
  if (tokens.nil()) return undefined;
  tokens.open();
  const type = word(tokens);
  const found = { type, parameters: parameters(tokens) };
  tokens.close();
  return found;
}

/** body-fld-lang = nstring / "(" string *(SP string) ")" */
function languages(tokens: Tokens): readonly string[] | undefined {
  if (tokens.nil()) return undefined;
  if (!tokens.isOpen) return [tokens.string()];
  return strings(tokens);
}

/** "(" string *(SP string) ")" */
function strings(tokens: Tokens): string[] {
  const found: string[] = [];
  tokens.open();
  do found.push(tokens.string());
  while (tokens.more);
  tokens.close();
  return found;
}

/** body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
function parameters(tokens: Tokens): Readonly<Record<string, string>> {
  if (tokens.nil()) return noParameters;
  // Most parts have this one alone, and few values.
  const { at, list } = tokens;
  const name = list[at + 1];
  const charset = list[at + 2];
  const isCharset = tokens.isOpen && (name === 'charset' || name === 'CHARSET');
  if (!isCharset || typeof charset !== 'string' || list[at + 3] !== false)
    return readParameters(tokens);
  const known = seenCharsets.get(charset);
  if (known === undefined) return seenCharsets.keep(charset, Object.freeze(readParameters(tokens)));
  tokens.at += 4;
  return known;
}

function readParameters(tokens: Tokens): Readonly<Record<string, string>> {
  const found = new Parameters();
  let toDecode: [string, string][] | undefined;
  tokens.open();
  do {
    const name = word(tokens);
    const value = tokens.string();
    if (name.includes('*') || encoded.test(value)) toDecode ??= Object.entries(found);
    if (toDecode === undefined) found[name] ??= value;
    else toDecode.push([name, value]);
  } while (tokens.more);
  tokens.close();
  return toDecode === undefined ? found : decodeParameters(toDecode);
}

/** An octet that is no printable ASCII, or the beginning of an encoded word. */
const encoded = /[^ -~]|=\?/;

/** An object that inherits nothing, for its names are a stranger's. Not `Object.create(null)`, of which V8 makes a hash table. */
const Parameters = function Parameters() {} as unknown as new () => Record<string, string>;
Parameters.prototype = Object.create(null);

const noParameters: Readonly<Record<string, string>> = Object.freeze({});

const seenCharsets = new Seen<Readonly<Record<string, string>>>();

/** A string in lower case, which is not empty: types, subtypes, encodings. */
function word(tokens: Tokens): string {
  const text = tokens.string();
  if (text === '') throw notPlain;
  return seenWords.get(text) ?? seenWords.keep(text, decodeText(text).toLowerCase());
}

const seenWords = new Seen<string>();

const below = (part: string, number: number): string =>
  part === '' ? String(number) : `${part}.${number}`;
