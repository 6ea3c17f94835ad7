/** A row of `fetch`: only what was asked for is in its type; what is costly is decoded on access. */
import type { Readable } from 'node:stream';
import { decodeText, type GatheringReadable, heldBody } from '@fivewire/line-protocol';
import {
  CommandError,
  checkOptions,
  escapeText,
  isFivewireError,
  UsageError,
} from 'tls-context-core';
import type { CallOptions } from './command.js';
import { attachments, type Body, decodedBody, partNumbered } from './decoded-body.js';
import {
  type BodyPart,
  parseBodyStructureSlice,
  unknownStructure,
} from './grammar/body-structure.js';
import { type Envelope, emptyEnvelope, parseEnvelopeSlice } from './grammar/envelope.js';
import type { FetchData, FetchSection } from './grammar/fetch-data.js';
import { withoutRecent } from './grammar/flags.js';
import { HeaderFields } from './header-fields.js';
import { inspectAs } from './inspectable.js';
import { callRules } from './options.js';

/** What to fetch. `uid` is always there. */
export interface FetchItems {
  flags?: boolean;
  /** Subject, date and addresses, as the server has parsed them. */
  envelope?: boolean;
  /** The tree of parts. */
  structure?: boolean;
  /** Octets of the whole message. */
  size?: boolean;
  /** When the server got the message. */
  internalDate?: boolean;
  /** `true`: the whole header; or the names of the fields wanted. */
  headers?: boolean | readonly string[];
  /**
   * Parts whose beginning comes with the row: `''` for the whole message, `'1'`, `'2.1'`, `'TEXT'`, … Small ones are then
   * there at once; `body()` fetches the rest of long ones, and every part not named here, when a consumer reads.
   */
  bodies?: readonly string[];
  /** CONDSTORE's modification sequence. */
  modSeq?: boolean;
  /** When the message came into this mailbox (SAVEDATE, RFC 8514). */
  saveDate?: boolean;
  /** The first words of the text, as the server sees them (PREVIEW, RFC 8970). */
  preview?: boolean;
  /** OBJECTID's ids (RFC 8474). */
  emailId?: boolean;
  threadId?: boolean;
  /** X-GM-EXT-1. */
  gmailMessageId?: boolean;
  gmailThreadId?: boolean;
  gmailLabels?: boolean;
}

/** What every row has. */
export interface MessageBase {
  /** 0 where the server gave none. */
  readonly uid: number;
  /** The sequence number at the time of the response. */
  readonly sequence: number;
  /** Whether this session was the first to be told of the message (\Recent, RFC 3501); where `flags` were asked for. */
  readonly recent: boolean;
  /** What in the row could not be read, in words for people. Empty for almost every message of almost every server. */
  readonly problems: readonly string[];
  /**
   * The octets of the whole message (`''`, the default) or of a part, as they are in the message: base64 stays base64.
   * Never sets \Seen.
   *
   * Nothing is asked of the server before a consumer reads. The stream fails with `ERR_NOT_FOUND` when the message or the
   * part is gone, and with `ERR_TRANSFER_INCOMPLETE` when the connection ends in the middle.
   */
  body(part?: string, options?: CallOptions): Body;
  /**
   * What a mail program lists as attachments: parts marked so, parts with a name that are not shown inline, and forwarded
   * messages, each with `filename` decoded: a stranger's text, no path to write to.
   * @throws UsageError `ERR_STATE` where `structure` was not asked for
   */
  attachments(): readonly BodyPart[];
}

interface Fields {
  /** Without \Recent, which is no property of the message: see `recent`. */
  flags: readonly string[];
  envelope: Envelope;
  structure: BodyPart;
  /** 0 where the server does not know it. */
  size: number;
  internalDate: Date | undefined;
  headers: HeaderFields;
  /** A decimal string. */
  modSeq: string | undefined;
  /** `undefined` where the server does not know it. */
  saveDate: Date | undefined;
  /** `undefined` where the server has none. */
  preview: string | undefined;
  emailId: string | undefined;
  threadId: string | undefined;
  /** Decimal strings. */
  gmailMessageId: string | undefined;
  gmailThreadId: string | undefined;
  gmailLabels: readonly string[];
}

/** The fields of `I` that were asked for: with `true`, or with a list. */
type Asked<I> = {
  [K in keyof I & keyof Fields]: I[K] extends false | undefined ? never : K;
}[keyof I & keyof Fields];

/** A message with the fields that `I` asks for, and no others. */
export type Message<I extends FetchItems = FetchItems> = MessageBase &
  Readonly<Pick<Fields, Asked<I>>>;

/** Opens the stream for a part whose beginning may be known. */
export type OpenBody = (
  uid: number,
  section: string,
  head: Buffer | undefined,
  options: CallOptions | undefined,
) => GatheringReadable;

/** Opens the stream of a part whose encoding the server undoes; `undefined` where it can't. */
export type OpenBinary = (
  uid: number,
  section: string,
  options: CallOptions,
) => GatheringReadable | undefined;

/** Asks for the structure of a message. */
export type AskStructure = (uid: number, options: CallOptions) => Promise<BodyPart | undefined>;

/** What a message asks of its mailbox. */
export interface MessageContext {
  openBody: OpenBody;
  openBinary: OpenBinary;
  askStructure: AskStructure;
}

/** Octets of a body that come with the row at most; fewer where most messages are short. */
export const headOctets: number = 1 << 18;

export class FetchedMessage implements MessageBase {
  readonly #row: FetchData;
  readonly #items: FetchItems;
  readonly #context: MessageContext;
  /** Octets of each body that were asked for. */
  readonly #head: number;
  #envelope: Envelope | undefined;
  #structure: BodyPart | undefined;
  #headers: HeaderFields | undefined;

  constructor(row: FetchData, items: FetchItems, context: MessageContext, head: number) {
    this.#row = row;
    this.#items = items;
    this.#context = context;
    this.#head = head;
  }

  get uid(): number {
    return this.#row.uid ?? 0;
  }
  get sequence(): number {
    return this.#row.sequence;
  }
  get problems(): readonly string[] {
    return this.#row.problems;
  }
  get flags(): readonly string[] {
    return withoutRecent(this.#row.flags ?? []);
  }
  get recent(): boolean {
    return this.#row.flags?.includes('\\Recent') ?? false;
  }
  get size(): number {
    return this.#row.size ?? 0;
  }
  get internalDate(): Date | undefined {
    return this.#row.internalDate;
  }
  get modSeq(): string | undefined {
    return this.#row.modSeq;
  }
  get saveDate(): Date | undefined {
    return this.#row.saveDate ?? undefined;
  }
  get preview(): string | undefined {
    const { preview } = this.#row;
    return typeof preview === 'string' ? decodeText(preview) : undefined;
  }
  get emailId(): string | undefined {
    return this.#row.emailId ?? undefined;
  }
  get threadId(): string | undefined {
    return this.#row.threadId ?? undefined;
  }
  get gmailMessageId(): string | undefined {
    return this.#row.gmailMessageId;
  }
  get gmailThreadId(): string | undefined {
    return this.#row.gmailThreadId;
  }
  get gmailLabels(): readonly string[] {
    return this.#row.gmailLabels ?? [];
  }
  get envelope(): Envelope {
    const { envelope } = this.#row;
    this.#envelope ??= this.#readOr(
      'ENVELOPE',
      emptyEnvelope,
      envelope && ((notes) => parseEnvelopeSlice(envelope, notes)),
    );
    return this.#envelope;
  }
  get structure(): BodyPart {
    const { structure } = this.#row;
    this.#structure ??= this.#readOr(
      'BODYSTRUCTURE',
      unknownStructure,
      structure && ((notes) => parseBodyStructureSlice(structure, notes)),
    );
    return this.#structure;
  }
  get headers(): HeaderFields {
    if (this.#headers === undefined) {
      const section = this.#row.sections.find((found) => found.section.startsWith('HEADER'));
      if (section?.octets === undefined && section !== undefined) {
        this.#row.problems.push(
          `HEADER: ${section.size} octets are more than limits.literalOctets`,
        );
      }
      this.#headers = new HeaderFields(section?.octets ?? Buffer.alloc(0));
    }
    return this.#headers;
  }

  body(part = '', options: CallOptions = {}): Body {
    checkOptions(options, callRules);
    const section = checkedSection(part);
    const body = this.#body(section, options) as Body;
    body.decoded = () => this.#decoded(body, section, options);
    return body;
  }

  attachments(): readonly BodyPart[] {
    if (this.#items.structure !== true) {
      throw new UsageError('ERR_STATE', 'attachments() needs the structure of the message', {
        hint: 'Ask for it: fetch(uids, { structure: true }).',
      });
    }
    return attachments(this.structure);
  }

  #decoded(body: Body, section: string, options: CallOptions): Readable {
    const described = async (): Promise<BodyPart | undefined> => {
      if (!/^[\d.]+$/.test(section)) return undefined;
      const structure =
        this.#row.structure === undefined && this.uid > 0
          ? await this.#context.askStructure(this.uid, options)
          : this.structure;
      return structure && partNumbered(structure, section);
    };
    const isHere = this.#row.sections.some((found) => found.section === section);
    return decodedBody(body, described, () =>
      isHere || this.uid === 0 ? undefined : this.#context.openBinary(this.uid, section, options),
    );
  }

  #body(section: string, options: CallOptions): GatheringReadable {
    const known = this.#row.sections.find((found) => found.section === section && !found.binary);
    if (known?.octets === null) return heldBody(noSuchPart(this.uid, section));
    const whole = known !== undefined && isWhole(known, this.#head);
    if (whole) return heldBody(known.octets ?? Buffer.alloc(0));
    if (this.uid === 0) return heldBody(withoutUid());
    const head = (known?.origin ?? 0) === 0 ? known?.octets : undefined;
    return this.#context.openBody(this.uid, section, head ?? undefined, options);
  }

  /** Kept out of the type of a row: what `console.log` and JSON show. */
  toJSON(): Record<string, unknown> {
    const { uid, sequence, problems } = this;
    const shown = fieldNames.filter((name) => this.#items[name]).map((name) => [name, this[name]]);
    return {
      uid,
      sequence,
      ...Object.fromEntries(shown),
      ...(problems.length > 0 ? { problems } : {}),
    };
  }

  /** What cannot be read is noted and replaced: it never costs the row. */
  #readOr<T>(item: string, fallback: () => T, read: ((notes: string[]) => T) | undefined): T {
    const notes: string[] = [];
    try {
      if (read !== undefined) {
        const found = read(notes);
        for (const note of notes) this.#row.problems.push(`${item}: ${note}`);
        return found;
      }
      if (!this.#row.problems.some((problem) => problem.startsWith(item))) {
        this.#row.problems.push(`${item}: the server did not send it`);
      }
    } catch (error) {
      if (!isFivewireError(error)) throw error;
      this.#row.problems.push(`${item}: ${error.message}`);
    }
    return fallback();
  }
}

inspectAs(FetchedMessage.prototype, (message) => message.toJSON());

const fieldNames = [
  'flags',
  'envelope',
  'structure',
  'size',
  'internalDate',
  'headers',
  'modSeq',
  'saveDate',
  'preview',
  'emailId',
  'threadId',
  'gmailMessageId',
  'gmailThreadId',
  'gmailLabels',
] as const satisfies readonly (keyof Fields)[];

/** NIL is neither octets nor an empty text: there is no such thing in the message (RFC 9051 §7.5.2). */
export const noSuchPart = (uid: number, section: string): CommandError =>
  new CommandError('ERR_NOT_FOUND', `UID ${uid} has no BODY[${section}]: the server sent NIL`, {
    command: 'UID FETCH',
    phase: 'transfer',
    hint: 'The message has no such part; message.structure shows those that it has.',
  });

const withoutUid = (): UsageError =>
  new UsageError(
    'ERR_STATE',
    'The server gave no UID for this message, so its body cannot be asked for',
    {
      hint: 'Name the parts in `bodies`, so that they come with the row.',
    },
  );

/**
 * Shorter than what was asked for: then there is no more. Longer: then the server has not cared, and sent all (imapflow#396). NIL is
 * nothing at all.
 */
function isWhole({ octets, origin, size }: FetchSection, head: number): boolean {
  if (octets === undefined) return false;
  return (origin ?? 0) === 0 && size !== head;
}

/**
 * section-spec = section-msgtext / (section-part ["." section-text]): a part's number, `HEADER`, `TEXT` or `MIME`
 * behind it, or nothing.
 */
export function checkedSection(part: string): string {
  const section = typeof part === 'string' ? part.toUpperCase() : '?';
  if (
    section === '' ||
    /^(?:[1-9]\d{0,8}(?:\.[1-9]\d{0,8}){0,63}(?:\.(?:HEADER|TEXT|MIME))?|HEADER|TEXT)$/.test(
      section,
    )
  ) {
    return section;
  }
  throw new UsageError(
    'ERR_ARGUMENT',
    `'${escapeText(String(part), 40)}' is no part of a message`,
    {
      argument: 'part',
      hint: "'' for the whole message, a number such as '1.2' from message.structure, 'TEXT', 'HEADER', or '2.MIME'.",
    },
  );
}
