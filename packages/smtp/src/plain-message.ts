/**
 * A message of a series as most are: an envelope of addresses alone and a body in memory, in ASCII and CRLF, whose lines go out as they are.
 * It is looked at by one function, written by one, and its replies are read by one, since calls are what a short message costs
 * (docs/decisions/0082). What is not plain is `undefined`, and takes the way of all others.
 */
import { isAscii } from 'node:buffer';
import { scanLines } from '@fivewire/line-protocol';
import { knownAddress, parseAddress } from './address.js';
import { bdatCommand } from './bdat.js';
import { BodySource, bufferOf } from './body-source.js';
import { sizeLimit } from './extensions.js';
import type { OutgoingMessage } from './message.js';
import { readYes, toldYes, toRecipient } from './replies.js';
import type { Session } from './session.js';
import type { Extensions, Message, RecipientReply, SendOptions, SendResult } from './types.js';

/** A message up to this size goes out together with its envelope: BDAT only, DATA has to wait for its 354. */
export const groupOctets: number = 64 * 1024;

export interface PlainMessage {
  /** MAIL, one RCPT for each recipient, and BDAT. */
  readonly commands: string;
  /** As the caller gave them. */
  readonly recipients: readonly string[];
  readonly whole: Buffer;
  readonly options: SendOptions;
}

/**
 * @param options checked
 * @throws UsageError `ERR_ARGUMENT` for an address
 */
export function plainMessage(
  session: Session,
  { envelope, body }: Message,
  options: SendOptions,
): PlainMessage | undefined {
  const { signal, onRefused = 'send-rest' } = options;
  if (signal !== undefined || onRefused !== 'send-rest') return undefined;
  const { extensions } = session;
  if (terms?.extensions !== extensions) terms = termsOf(session);
  const { longest, saysSize } = terms;
  for (const key in envelope) if (key !== 'from' && key !== 'to') return undefined;
  const text = typeof body === 'string';
  if (text ? !body.isWellFormed() : !(body instanceof Uint8Array)) return undefined;
  const whole = text ? Buffer.from(body) : bufferOf(body as Uint8Array);
  const { length } = whole;
  if (length > longest || whole[length - 1] !== LF || !isAscii(whole)) return undefined;
  if (scanLines(whole).bare < length) return undefined;

  const { from, to } = envelope;
  const sender =
    from === null ? nobody : (knownAddress(from) ?? parseAddress(from, 'envelope.from'));
  const list: readonly unknown[] = Array.isArray(to) ? to : [to];
  if (list.length === 0 || sender.utf8) return undefined;
  let commands = `MAIL FROM:<${sender.text}>${saysSize ? ` SIZE=${length}` : ''}\r\n`;
  const recipients: string[] = [];
  for (const one of list) {
    if (typeof one !== 'string') return undefined;
    const path = knownAddress(one) ?? parseAddress(one, `envelope.to[${recipients.length}]`);
    if (path.utf8) return undefined;
    recipients.push(one);
    commands += `RCPT TO:<${path.text}>\r\n`;
  }
  return { commands: `${commands}${bdatCommand(length, true)}\r\n`, recipients, whole, options };
}

/** What a server's extensions mean for a plain message. */
interface Terms {
  readonly extensions: Extensions;
  /** 0 where none is plain. */
  readonly longest: number;
  readonly saysSize: boolean;
}

/** Of the connection that asked last. */
let terms: Terms | undefined;

function termsOf({ extensions, pipelining, chunking, lmtp }: Session): Terms {
  const fit = pipelining && chunking && !lmtp && !extensions.has('LIMITS');
  const longest = Math.min(sizeLimit(extensions), groupOctets);
  return { extensions, longest: fit ? longest : 0, saysSize: extensions.has('SIZE') };
}

const LF = 10;
const CR = 13;
const nobody = { text: '', utf8: false };

/** The same message for the way of all others. */
export function unfold({ commands, recipients, whole, options }: PlainMessage): OutgoingMessage {
  const [mail = '', ...lines] = commands.split('\r\n');
  return {
    mail,
    recipients: recipients.map((address, i) => ({ address, line: lines[i] as string })),
    source: new BodySource(whole),
    framing: 'bdat',
    sevenBit: false,
    dropped: [],
    grouped: true,
    options,
    utf8: false,
    looksAtHeader: true,
  };
}

/** One that is written, and waits for its replies. */
export interface Waiting {
  /** `undefined` where its replies are not looked at here. */
  readonly plain: PlainMessage | undefined;
  /** RSET stands before it. */
  readonly cleared: boolean;
}

/**
 * The replies to as many of those that wait as stand in `text` one behind the other: each here, of one line in CRLF and at most `longest`
 * characters, and 250.
 *
 * @param results is added to
 * @returns where the first reply begins that is left
 */
export function plainAnswers(
  text: string,
  waiting: readonly Waiting[],
  count: number,
  longest: number,
  results: SendResult[],
): number {
  let used = 0;
  for (let n = 0; n < count; n++) {
    const { plain, cleared } = waiting[n] as Waiting;
    if (plain === undefined) return used;
    const { recipients, whole } = plain;
    const accepted: RecipientReply[] = [];
    let at = used;
    for (let i = cleared ? -2 : -1; i <= recipients.length; i++) {
      const lf = text.indexOf('\n', at);
      if (lf < 0 || lf - at > longest || text.charCodeAt(lf - 1) !== CR) return used;
      const line = text.slice(at, lf - 1);
      at = lf + 1;
      if (i < recipients.length) {
        const said = toldYes(line);
        if (said === undefined) return used;
        if (i >= 0) accepted.push(toRecipient(recipients[i] as string, said));
      } else {
        const reply = readYes(line);
        if (reply === undefined) return used;
        results.push({ accepted, refused: [], reply, bytes: whole.length, dropped: [] });
      }
    }
    used = at;
  }
  return used;
}
