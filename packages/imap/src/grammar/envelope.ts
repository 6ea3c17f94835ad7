/** ENVELOPE (RFC 9051 §7.5.2): read into its raw strings at once, decoded field by field when asked for. */
import { decodeText } from '@fivewire/line-protocol';
import { inspectAs } from '../inspectable.js';
import { parseMessageDate } from './date-time.js';
import { decodeHeaderText } from './encoded-word.js';
import type { FrameSlice } from './lexer.js';
import { Lexer, open } from './lexer.js';

/** Someone who wrote or gets a message. */
export interface Address {
  /** The display name, decoded; `''` where there is none. */
  readonly name: string;
  /** `local-part@domain`; the local part alone where the server gives no domain; `''` for the name of an empty group. */
  readonly address: string;
  /** The group (RFC 5322 §3.4) in which the address stands. */
  readonly group?: string;
}

/** One address as it is on the wire; each character an octet. */
export interface RawAddress {
  readonly name: string | null;
  readonly route: string | null;
  readonly mailbox: string | null;
  readonly host: string | null;
}

/** The ten fields as they are on the wire; each character an octet. */
export interface RawEnvelope {
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: readonly RawAddress[];
  readonly sender: readonly RawAddress[];
  readonly replyTo: readonly RawAddress[];
  readonly to: readonly RawAddress[];
  readonly cc: readonly RawAddress[];
  readonly bcc: readonly RawAddress[];
  readonly inReplyTo: string | null;
  readonly messageId: string | null;
}

/** What a message's header says, as the server has parsed it. Fields are decoded on access. */
export class Envelope {
  /** The octets as they came, one a character. */
  readonly raw: RawEnvelope;

  constructor(raw: RawEnvelope) {
    this.raw = raw;
  }

  /** The Date field; `undefined` where it is missing or no date. */
  get date(): Date | undefined {
    return this.raw.date === null ? undefined : parseMessageDate(this.raw.date);
  }
  /** The Date field as it stands in the message. */
  get dateText(): string | undefined {
    return this.raw.date ?? undefined;
  }
  /** Encoded words decoded; `''` where there is no subject. */
  get subject(): string {
    return decodeHeaderText(this.raw.subject ?? '');
  }
  get from(): Address[] {
    return decodeAddresses(this.raw.from);
  }
  get sender(): Address[] {
    return decodeAddresses(this.raw.sender);
  }
  get replyTo(): Address[] {
    return decodeAddresses(this.raw.replyTo);
  }
  get to(): Address[] {
    return decodeAddresses(this.raw.to);
  }
  get cc(): Address[] {
    return decodeAddresses(this.raw.cc);
  }
  get bcc(): Address[] {
    return decodeAddresses(this.raw.bcc);
  }
  /** With its angle brackets. */
  get inReplyTo(): string | undefined {
    return this.raw.inReplyTo ?? undefined;
  }
  /** With its angle brackets. */
  get messageId(): string | undefined {
    return this.raw.messageId ?? undefined;
  }

  toJSON(): Record<string, unknown> {
    const { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId } = this;
    return { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId };
  }
}

inspectAs(Envelope.prototype, (envelope) => envelope.toJSON());

/** What a message has whose ENVELOPE could not be read. */
export const emptyEnvelope = (): Envelope => new Envelope(noEnvelope);

const noEnvelope: RawEnvelope = {
  date: null,
  subject: null,
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  inReplyTo: null,
  messageId: null,
};

export function parseEnvelopeSlice(slice: FrameSlice): Envelope {
  return new Envelope(parseEnvelope(new Lexer(slice.frame, slice.limits, slice.start)));
}

/**
 * envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP
 * env-in-reply-to SP env-message-id ")"
 */
export function parseEnvelope(lexer: Lexer): RawEnvelope {
  lexer.open('envelope');
  // Domino wraps the envelope once more (MailKit#943).
  if (lexer.peek() === open) {
    const inner = parseEnvelope(lexer);
    endEnvelope(lexer);
    return inner;
  }
  const field = (): string | null => {
    lexer.spaces();
    return lexer.nstring('env-field');
  };
  const raw: RawEnvelope = {
    date: field(),
    subject: field(),
    from: parseAddresses(lexer),
    sender: parseAddresses(lexer),
    replyTo: parseAddresses(lexer),
    to: parseAddresses(lexer),
    cc: parseAddresses(lexer),
    bcc: parseAddresses(lexer),
    inReplyTo: field(),
    messageId: field(),
  };
  endEnvelope(lexer);
  return raw;
}

/** env-from = "(" 1*address ")" / nil. Spaces between addresses (Outlook.com) and NIL in their place are let through. */
function parseAddresses(lexer: Lexer): RawAddress[] {
  lexer.spaces();
  if (lexer.nil()) return [];
  const addresses: RawAddress[] = [];
  lexer.list('address list', () => {
    if (!lexer.nil()) addresses.push(parseAddress(lexer));
  });
  return addresses;
}

/** address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
function parseAddress(lexer: Lexer): RawAddress {
  const fields: (string | null)[] = [];
  lexer.list('address', () => fields.push(lexer.nstring('address')));
  const [name = null, route = null, mailbox = null, host = null] = fields;
  return { name, route, mailbox, host };
}

function endEnvelope(lexer: Lexer): void {
  lexer.spaces();
  lexer.expect(41, ') of the envelope');
  lexer.closed();
}

/** An address without host opens a group, named by its mailbox; one without either closes it (RFC 9051 §7.5.2). */
function decodeAddresses(raw: readonly RawAddress[]): Address[] {
  const addresses: Address[] = [];
  let group: { name: string; empty: boolean } | undefined;
  const endGroup = (): void => {
    if (group?.empty) addresses.push({ name: '', address: '', group: group.name });
    group = undefined;
  };
  const lastEnd = raw.findLastIndex((entry) => entry.host === null && entry.mailbox === null);
  for (const [i, entry] of raw.entries()) {
    // Without an end to come it opens no group: it is someone whose domain the server does not give.
    if (entry.host === null && entry.name === null && i <= lastEnd) {
      endGroup();
      if (entry.mailbox !== null) group = { name: decodeHeaderText(entry.mailbox), empty: true };
      continue;
    }
    const mailbox = decodeText(entry.mailbox ?? '');
    // Dovecot's and Exchange's stand-in for a domain that the message does not have.
    const host =
      entry.host === 'MISSING_DOMAIN' || entry.host === '.MISSING-HOST-NAME.'
        ? ''
        : decodeText(entry.host ?? '');
    addresses.push({
      name: decodeHeaderText(entry.name ?? ''),
      address: host === '' ? mailbox : `${mailbox}@${host}`,
      ...(group === undefined ? {} : { group: group.name }),
    });
    if (group !== undefined) group.empty = false;
  }
  endGroup();
  return addresses;
}
