/** BODY and BODYSTRUCTURE (RFC 9051 §7.5.2): the tree of a message's parts. */
import { decodeText } from '@fivewire/line-protocol';
import { decodeHeaderText, decodeParameters } from './encoded-word.js';
import { Envelope, mostOf, parseEnvelope } from './envelope.js';
import {
  close,
  type FrameSlice,
  isDigit,
  isMalformed,
  type Lexer,
  open,
  quote,
  wholeNumber,
} from './lexer.js';
import { plainStructure } from './plain-structure.js';
import { plainSlice } from './plain-tokens.js';

/** body-extension = nstring / number / "(" body-extension *(SP body-extension) ")" */
export type BodyExtension = string | number | null | readonly BodyExtension[];

export interface BodyDisposition {
  /** In lower case: `'attachment'`, `'inline'`. */
  readonly type: string;
  /** Names in lower case, values decoded (RFC 2231, RFC 2047). */
  readonly parameters: Readonly<Record<string, string>>;
}

/** One part of a message, and the parts inside it. */
export interface BodyPart {
  /** The part's number for `body()` and `FETCH BODY[…]`, such as `'1.2'`; `''` for a message that is multipart itself. */
  readonly part: string;
  /** `'text/plain'`, in lower case. */
  readonly type: string;
  /** Of the Content-Type; names in lower case, values decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The name of an attachment: the disposition's `filename`, else the type's `name`. A stranger's text, no path to write to. */
  readonly filename?: string;
  readonly disposition?: BodyDisposition;
  /** Content-ID, with its angle brackets. */
  readonly id?: string;
  readonly description?: string;
  /** The transfer encoding in lower case: `'base64'`, `'quoted-printable'`, `'7bit'`, …; `''` for a multipart. */
  readonly encoding: string;
  /** Octets as they are in the message, still encoded. 0 for a multipart, and where the server gives no size. */
  readonly size: number;
  /** Lines of a text or a message. */
  readonly lines?: number;
  readonly md5?: string;
  readonly language?: readonly string[];
  readonly location?: string;
  readonly extension?: readonly BodyExtension[];
  /** The parts of a multipart; the one part of a `message/rfc822`, where the server shows it. */
  readonly parts: readonly BodyPart[];
  /** The envelope of a `message/rfc822`. */
  readonly envelope?: Envelope;
}

/**
 * body = "(" (body-type-1part / body-type-mpart) ")"
 *
 * A flaw costs the field or the part in which it stands. @param notes where to say what was stepped over
 */
export function parseBodyStructureSlice(
  slice: BodyPart | FrameSlice,
  notes: string[] = [],
): BodyPart {
  if (!('frame' in slice)) return slice;
  const plain = plainSlice(slice, plainStructure);
  if (plain !== undefined) return plain;
  const { result, lexer } = mostOf(slice, (lexer) => bodyOrNote(lexer, '', true));
  notes.push(...lexer.notes);
  return result;
}

/** With loose ends, where its own shape says where it is over. @returns whether it was read to its end */
export function readStructure(lexer: Lexer): { part: BodyPart; isWhole: boolean } {
  lexer.gaveUp = false;
  const part = bodyOrNote(lexer, '', true);
  return { part, isWhole: !lexer.gaveUp };
}

/** What a message has whose structure could not be read: one part of unknown type, so that it can still be fetched. */
export const unknownStructure = (part = '1'): BodyPart => ({
  part,
  type: 'application/octet-stream',
  parameters: {},
  encoding: '',
  size: 0,
  parts: [],
});

/** All parts below this one that have no parts of their own, in order. */
export function* leafParts(part: BodyPart): IterableIterator<BodyPart> {
  if (part.parts.length === 0) yield part;
  for (const child of part.parts) yield* leafParts(child);
}

/** A part that cannot be read is stepped over: those beside it are not lost. */
function bodyOrNote(lexer: Lexer, part: string, isMessage: boolean): BodyPart {
  const { pos, depth } = lexer;
  try {
    return body(lexer, part, isMessage);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    lexer.note(`part ${part || '1'}: ${(error as Error).message}`);
    lexer.gaveUp = true;
    try {
      lexer.stepOver('body', pos, depth);
    } catch (again) {
      if (!isMalformed(again) || !isMessage || part !== '') throw again;
    }
    return unknownStructure(isMessage ? below(part, 1) : part);
  }
}

/**
 * @param part the number of this body; for a message's own body, the number of the message
 * @param isMessage whether this is a message's own body: its parts then count 1, 2, … below the message's number
 */
function body(lexer: Lexer, part: string, isMessage: boolean): BodyPart {
  lexer.open('body');
  lexer.spaces();
  if (isWrapped(lexer)) {
    const inner = body(lexer, part, isMessage);
    lexer.note('parentheses around the body');
    lexer.spaces();
    lexer.expect(close, ') of the body');
    lexer.closed();
    return inner;
  }
  const found =
    lexer.peek() === open || isMissingPart(lexer)
      ? multipart(lexer, part)
      : basicOrChildless(lexer, isMessage ? below(part, 1) : part);
  lexer.spaces();
  lexer.expect(close, ') of the body');
  lexer.closed();
  return found;
}

/**
 * body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
 * body-ext-mpart = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
 */
function multipart(lexer: Lexer, part: string): BodyPart {
  const parts: BodyPart[] = [];
  while (more(lexer)) {
    const number = below(part, parts.length + 1);
    if (lexer.peek() === open) {
      if (isParameters(lexer)) break;
      parts.push(bodyOrNote(lexer, number, false));
    } else if (isMissingPart(lexer) || isNoText(lexer)) {
      // It counts, or all numbers behind it would name other parts.
      const { pos } = lexer;
      lexer.skipValue('body');
      lexer.note(`${lexer.text.slice(pos, lexer.pos)} in place of part ${number}`);
      parts.push(unknownStructure(number));
    } else break;
  }
  if (more(lexer) && lexer.peek() !== open)
    return endOfMultipart(lexer, part, parts, lexer.nstringOrNote('media-subtype'));
  lexer.note('media-subtype is missing');
  return endOfMultipart(lexer, part, parts, null);
}

/** A body, or a multipart of several, and nothing behind it: what is in the list is all of it. */
const isWrapped = (lexer: Lexer): boolean =>
  /^\( *[("]/.test(lexer.text.slice(lexer.pos, lexer.pos + 9)) && lexer.valuesLeft() === 1;

/** NIL before another body: a list whose first word is no media type holds parameters. */
function isMissingPart({ text, pos }: Lexer): boolean {
  nilAndBody.lastIndex = pos;
  const found = nilAndBody.exec(text);
  return found !== null && (found[1] === undefined || mediaTypes.has(lower(found[1])));
}

/** Strings in pairs, of which the first is no media type: what stands behind a subtype. */
function isParameters({ text, pos }: Lexer): boolean {
  pairs.lastIndex = pos;
  const name = pairs.exec(text)?.[1];
  return name !== undefined && !mediaTypes.has(lower(name));
}

const pairs = /\( *"([^"]*)" +"[^"]*"(?: +"[^"]*" +"[^"]*")* *\)/y;

/** An atom, which is no media-subtype, before a string, which is one. */
function isNoText({ text, pos }: Lexer): boolean {
  atomAndText.lastIndex = pos;
  return atomAndText.test(text);
}

const atomAndText = /[^ "(){}~]{1,99} +"/y;

const nilAndBody = /nil *\( *(?:\(|"([a-z]+)")/iy;

function endOfMultipart(
  lexer: Lexer,
  part: string,
  parts: readonly BodyPart[],
  subtype: string | null,
): BodyPart {
  const found: Writable<BodyPart> = {
    part,
    type: `multipart/${lower(subtype) || 'mixed'}`,
    parameters:
      more(lexer) && lexer.peek() === quote
        ? bare(lexer, stringsLeft(lexer) & ~1)
        : field(lexer, 'body-fld-param', parseParameters, {}),
    encoding: '',
    size: 0,
    parts,
  };
  extension(lexer, found);
  return found;
}

/**
 * A multipart without parts comes as `("MIXED")`, `("MIXED" ("BOUNDARY" "b") NIL)` (Gmail, Cyrus) or with NIL where its
 * parts should be. `("TEXT" ("CHARSET" "x") …` is a text whose subtype is missing.
 */
function basicOrChildless(lexer: Lexer, part: string): BodyPart {
  const type = texts(lexer, 'media-type', behind.word);
  const [mediaType = '', whole] = lower(type).split('/');
  if (whole !== undefined && mediaTypes.has(mediaType)) {
    lexer.note('media-subtype is missing');
    return basic(lexer, part, mediaType, whole);
  }
  const isChildless = !more(lexer) || lexer.peek() === open;
  if (!isChildless) {
    const subtype = texts(lexer, 'media-subtype', behind.list);
    if (type !== null) return basic(lexer, part, lower(type), subtype);
    return multipartSubtypes.has(lower(subtype))
      ? endOfMultipart(lexer, part, [], subtype)
      : basic(lexer, part, '', subtype);
  }
  if (!mediaTypes.has(lower(type))) {
    if (type === null) lexer.note('media-type is missing');
    if (!lacksType(lexer)) return endOfMultipart(lexer, part, [], type);
    if (type !== null) lexer.note('media-type is missing');
    return basic(
      lexer,
      part,
      lower(type) === 'plain' || lower(type) === 'html' ? 'text' : '',
      type,
    );
  }
  lexer.note('media-subtype is missing');
  return basic(lexer, part, lower(type), lower(type) === 'text' ? 'plain' : null);
}

/** Behind the list of parameters stand what no multipart has: two strings, an encoding and a number. */
function lacksType(lexer: Lexer): boolean {
  const { pos, depth } = lexer;
  try {
    for (let i = 0; i < 4 && more(lexer); i++) {
      if (i > 0 && lexer.peek() === open) return false;
      lexer.skipValue('body');
    }
    return more(lexer) && isDigit(lexer.peek());
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return false;
  } finally {
    lexer.rewind(pos, depth);
  }
}

/** RFC 2046's top-level types of single parts, and those that came later. */
const mediaTypes = new Set(
  'text image audio video application message model font chemical'.split(' '),
);
/** Subtypes of multipart (RFC 2046 §5.1 and later): no other type has them. */
const multipartSubtypes = new Set(
  'mixed alternative related digest parallel report signed encrypted form-data appledouble'.split(
    ' ',
  ),
);

/**
 * body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
 * body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
 * body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
 *
 * Servers stop early and leave fields out (MailKit#1446, himalaya#649): what is missing has its empty value.
 */
function basic(lexer: Lexer, part: string, mediaType: string, subtype: string | null): BodyPart {
  const type = `${mediaType || 'application'}/${lower(subtype) || 'octet-stream'}`;
  const before = fieldsBeforeOctets(lexer);
  const parameters =
    before > 4
      ? bare(lexer, before - 3)
      : before < 2
        ? {}
        : field(lexer, 'body-fld-param', parseParameters, {});
  const id = before > 2 && more(lexer) ? lexer.nstringOrNote('body-fld-id', behind.text) : null;
  const description =
    before > 3 && more(lexer) ? lexer.nstringOrNote('body-fld-desc', behind.text) : null;
  const encoding = more(lexer) ? lexer.nstringOrNote('body-fld-enc', behind.number) : null;
  const size = more(lexer) ? octetCount(lexer) : noSize(lexer);
  // Gmail sends base64-encoded messages as basic parts: an envelope is there only if "(" follows (MailKit#32).
  const message = type === 'message/rfc822' || type === 'message/global';
  let envelope: Envelope | undefined;
  let parts: readonly BodyPart[] = [];
  const unnamed = message && more(lexer) && stepOverMissingEnvelope(lexer);
  if (message && more(lexer) && (unnamed || lexer.peek() === open)) {
    if (unnamed) lexer.note('the envelope of a message is missing');
    else if (lexer.emptyList()) lexer.note('() in place of the envelope of a message');
    else envelope = new Envelope(parseEnvelope(lexer));
    if (more(lexer) && lexer.peek() === open) {
      if (lexer.emptyList()) lexer.note('() in place of the body of a message');
      else parts = [bodyOrNote(lexer, part, true)];
    }
  }
  const lines = lineCount(lexer, mediaType === 'text' || message);
  const md5 =
    more(lexer) && !isDispositionAlready(lexer) ? lexer.nstringOrNote('body-fld-md5') : null;
  const found: Writable<BodyPart> = {
    part,
    type,
    parameters,
    encoding: lower(encoding),
    size,
    parts,
  };
  if (id !== null) found.id = decodeText(id);
  if (description !== null) found.description = decodeHeaderText(description);
  if (lines !== undefined) found.lines = lines;
  if (md5 !== null) found.md5 = md5;
  if (envelope !== undefined) found.envelope = envelope;
  extension(lexer, found);
  return found;
}

/**
 * How many fields stand before body-fld-octets: four, but where an encoding and a number behind it show that some are missing, the
 * description first, or that the parameters have no parentheses.
 */
function fieldsBeforeOctets(lexer: Lexer): number {
  lexer.spaces();
  const { pos, depth } = lexer;
  let fields = 0;
  let last = '';
  try {
    while (more(lexer) && !isDigit(lexer.peek()) && fields < 20) {
      const start = lexer.pos;
      lexer.skipValue('body');
      last = lexer.text.slice(start, lexer.pos);
      fields++;
    }
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return 4;
  } finally {
    lexer.rewind(pos, depth);
  }
  if (fields === 3 && lower(last) === 'nil') return 3;
  if (fields === 4 || !encodings.test(last)) return 4;
  if (fields > 4) return fields % 2 === 1 && lexer.peek() === quote ? fields : 4;
  lexer.note('fields before body-fld-octets are missing');
  return fields;
}

const encodings = /^"?(?:7bit|8bit|binary|base64|quoted-printable)"?$/i;

/** NIL where an envelope should be, before a body or a number of lines; or the body itself. */
function stepOverMissingEnvelope(lexer: Lexer): boolean {
  const { text, pos } = lexer;
  bodyItself.lastIndex = pos;
  if (mediaTypes.has(lower(bodyItself.exec(text)?.[1] ?? null))) return true;
  nilAndLines.lastIndex = pos;
  if (!isMissingPart(lexer) && !nilAndLines.test(text)) return false;
  while (lexer.nil()) lexer.spaces();
  return true;
}

const bodyItself = /(?:\( *)+"([a-z]+)"/iy;
const nilAndLines = /nil +nil +\d/iy;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What stands behind a string, by the place of the string: see `Lexer.quotedBefore`. */
const behind = {
  word: / +(?:"|nil[ )]|\(|~?\{\d)/iy,
  list: / *(?:\(|\)| nil[ )])/iy,
  text: / +(?:"|nil[ )]|~?\{\d)/iy,
  number: / +(?:-?\d|nil[ )])/iy,
  value: / *\)| +"/y,
};

const texts = (lexer: Lexer, rule: string, follows: RegExp): string | null =>
  lexer.looseQuotes && lexer.peek() === quote ? lexer.quotedBefore(follows) : lexer.nstring(rule);

/** GMX has a list where the checksum stands, and the disposition behind it; others have the disposition there. */
function isDispositionAlready(lexer: Lexer): boolean {
  const { text, pos } = lexer;
  if (!/^\( *"(?:attachment|inline)"/i.test(text.slice(pos, pos + 20))) return false;
  lexer.note('body-fld-md5 is missing');
  return true;
}

/** A field that is there and can't be read is stepped over: the part keeps the others. */
function field<T>(lexer: Lexer, rule: string, read: (lexer: Lexer) => T, empty: T): T {
  if (!more(lexer)) return empty;
  if (lexer.emptyList()) return empty;
  const { pos, depth } = lexer;
  try {
    return read(lexer);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    lexer.note(`${rule}: ${(error as Error).message}`);
    lexer.stepOver(rule, pos, depth);
    return empty;
  }
}

/** [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]] */
function extension(lexer: Lexer, part: Writable<BodyPart>): void {
  const disposition = field(lexer, 'body-fld-dsp', parseDisposition, undefined);
  const language = field(lexer, 'body-fld-lang', parseLanguage, undefined);
  const location = more(lexer) ? lexer.nstringOrNote('body-fld-loc') : null;
  const filename = disposition?.parameters.filename ?? part.parameters.name;
  if (filename !== undefined) part.filename = filename;
  if (disposition !== undefined) part.disposition = disposition;
  if (language !== undefined) part.language = language;
  if (location !== null) part.location = decodeText(location);
  if (!more(lexer)) return;
  const extensions: BodyExtension[] = [];
  do extensions.push(field(lexer, 'body-extension', bodyExtension, null));
  while (more(lexer));
  part.extension = extensions;
}

/** body-fld-dsp = "(" string SP body-fld-param ")" / nil. Exchange writes a bare `"inline"` (MailKit#919). */
function parseDisposition(lexer: Lexer): BodyDisposition | undefined {
  if (lexer.nil()) return undefined;
  if (lexer.peek() !== open) {
    const { pos } = lexer;
    const type = lower(lexer.astring('body-fld-dsp'));
    // Without quotes it may be the next item of the row, where a parenthesis is missing.
    if (isAtom(lexer, pos) && !/^(?:inline|attachment)$/.test(type))
      throw lexer.fail('body-fld-dsp', pos);
    return { type, parameters: {} };
  }
  lexer.open('body-fld-dsp');
  lexer.spaces();
  const type = lower(lexer.nstring('disposition type'));
  const listed =
    more(lexer) &&
    (lexer.peek() === open || /^nil[ )]/i.test(lexer.text.slice(lexer.pos, lexer.pos + 4)));
  const parameters = listed ? field(lexer, 'body-fld-param', parseParameters, {}) : bare(lexer);
  for (; more(lexer); lexer.skipValue('body-fld-dsp')) lexer.note('body-fld-dsp: a value too many');
  lexer.expect(close, ') of the disposition');
  lexer.closed();
  return { type, parameters };
}

const isAtom = ({ text }: Lexer, pos: number): boolean => !/["{~]/.test(text.charAt(pos));

/** body-fld-lang = nstring / "(" string *(SP string) ")" */
function parseLanguage(lexer: Lexer): readonly string[] | undefined {
  if (lexer.nil()) return undefined;
  if (lexer.peek() !== open) {
    const { pos } = lexer;
    const language = lexer.astring('body-fld-lang');
    if (isAtom(lexer, pos) && !/^[a-z]/i.test(language)) throw lexer.fail('body-fld-lang', pos);
    return [language];
  }
  const languages: string[] = [];
  lexer.list('body-fld-lang', () => languages.push(lexer.nstringOrNote('language') ?? ''));
  return languages;
}

/** body-fld-param = "(" string SP string *(SP string SP string) ")" / nil. A name without value has ''. */
function parseParameters(lexer: Lexer): Readonly<Record<string, string>> {
  if (lexer.nil()) return {};
  if (lexer.peek() !== open) {
    lexer.skipValue('body-fld-param');
    return {};
  }
  const words: string[] = [];
  lexer.list('body-fld-param', () => {
    const follows = words.length % 2 === 0 ? behind.text : behind.value;
    words.push(lexer.nstringOrNote('parameter', follows) ?? '');
  });
  return inPairs(words, lexer);
}

/** Parameters that stand in the disposition without a list of their own: `("attachment" "filename" "a.pdf")`. */
function bare(lexer: Lexer, most = Number.POSITIVE_INFINITY): Readonly<Record<string, string>> {
  const words: string[] = [];
  while (words.length < most && more(lexer)) words.push(lexer.nstringOrNote('parameter') ?? '');
  if (words.length > 0) lexer.note('parameters without parentheses');
  return inPairs(words, lexer);
}

/** How many strings follow one another here. */
function stringsLeft(lexer: Lexer): number {
  const [run = ''] = /^(?:"[^"]*" *)*/.exec(lexer.text.slice(lexer.pos, lexer.pos + 2_000)) ?? [];
  return run.split('"').length >> 1;
}

function inPairs(words: readonly string[], lexer: Lexer): Readonly<Record<string, string>> {
  if (words.length % 2 === 1) lexer.note('a parameter without its value');
  const pairs: [string, string][] = [];
  for (let i = 0; i < words.length; i += 2) {
    const [name = '', value = ''] = words.slice(i, i + 2);
    if (name !== '') pairs.push([name, value]);
    // A list in its place has been noted.
    else if (value !== '' && lexer.notes.length === 0) lexer.note('a parameter without its name');
  }
  return decodeParameters(pairs);
}

function bodyExtension(lexer: Lexer): BodyExtension {
  if (isDigit(lexer.peek())) return lexer.number('body-extension');
  if (lexer.peek() !== open) return lexer.nstring('body-extension');
  const extensions: BodyExtension[] = [];
  lexer.list('body-extension', () => extensions.push(bodyExtension(lexer)));
  return extensions;
}

/** body-fld-lines. Where there is none by the type, a bare number is one all the same: no checksum looks like it. */
function lineCount(lexer: Lexer, isText: boolean): number | undefined {
  if (!more(lexer)) return undefined;
  if (isText && nilBeforeDisposition.test(lexer.text.slice(lexer.pos, lexer.pos + 99))) {
    lexer.note('body-fld-lines: the server does not know it (NIL)');
    lexer.nil();
    return undefined;
  }
  if (isDigit(lexer.peek()) || (isText && isCount(lexer))) return count(lexer, 'body-fld-lines');
  // Where it is missing, four fields follow at most.
  if (!isText || (lexer.peek() !== minus && lexer.valuesLeft() < 5)) return undefined;
  lexer.note('body-fld-lines is no number');
  lexer.skipValue('body-fld-lines');
  return undefined;
}

/** NIL for the lines, NIL for the checksum, and a disposition: not the checksum, no disposition and a list of languages. */
const nilBeforeDisposition = /^nil +nil +\( *"[^"]{1,40}" +(?:\(|nil)/i;

const minus = 45;

/** body-fld-octets. Dovecot and Exchange send -1, others NIL, for a size that they do not know (go-imap#534). */
function octetCount(lexer: Lexer): number {
  if (isCount(lexer)) return count(lexer, 'body-fld-octets') ?? 0;
  const { pos } = lexer;
  lexer.skipValue('body-fld-octets');
  const text = lexer.text.slice(pos, lexer.pos);
  const isUnknown = /^(?:nil|-1)$/i.test(text);
  lexer.note(
    isUnknown
      ? `body-fld-octets: the server does not know it (${text})`
      : 'body-fld-octets is no number',
  );
  return 0;
}

function noSize(lexer: Lexer): number {
  lexer.note('the part ends before body-fld-octets');
  return 0;
}

/** A number, in quotes or not. */
const isCount = ({ text, pos }: Lexer): boolean =>
  /^(?:"\d{1,10}"|\d[\d.e+]*[ )])/i.test(text.slice(pos, pos + 24)) ||
  isDigit(text.charCodeAt(pos));
function count(lexer: Lexer, rule: string): number | undefined {
  const number = wholeNumber(lexer.astring(rule)) ?? Number.NaN;
  if (number <= Number.MAX_SAFE_INTEGER) return number;
  lexer.note(`${rule} is more than anything has`);
  return undefined;
}

/** Steps over spaces; whether another field follows before the list ends. */
function more(lexer: Lexer): boolean {
  lexer.spaces();
  return !lexer.atEnd && lexer.peek() !== close;
}

const below = (part: string, number: number): string =>
  part === '' ? String(number) : `${part}.${number}`;
const lower = (text: string | null): string => decodeText(text ?? '').toLowerCase();
