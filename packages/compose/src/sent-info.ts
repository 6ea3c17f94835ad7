/** What became of a message, as nodemailer's users know it: the reply and its Message-ID, the server's EHLO, how long each part took. */
import type { Extensions, SendOptions, SendResult } from '@fivewire/smtp';
import { responseOf } from './nodemailer-error.js';

/** What became of a message, in nodemailer's words, and in ours. */
export interface SentInfo {
  /** With its angle brackets; `undefined` for a `raw` message. */
  messageId: string | undefined;
  envelope: { from: string | null; to: string[] };
  /** Addresses that will get it. */
  accepted: string[];
  /** Addresses that were refused; `result.refused` has the replies. */
  rejected: string[];
  /** The server's last words: `250 2.0.0 Ok: queued as 1234`. */
  response: string;
  /** Octets. */
  messageSize: number;
  /** What the server offers, a line each: `SIZE 35882577`. Absent where it says nothing, or the sender is neither our client nor our pool. */
  ehlo?: string[];
  /** Milliseconds from MAIL to the server's leave to send the message; 0 where both leave at once. Absent where `ehlo` is by such a sender. */
  envelopeTime?: number;
  /** Milliseconds from there to the server's word about the message. */
  messageTime?: number;
  /** The Message-ID in the copy that recipients get, with its angle brackets, where the server says that it sets one of its own: Microsoft 365, Amazon SES. */
  serverMessageId?: string;
  /** As `send` of the client gives it: replies to each recipient, and what was dropped. */
  result: SendResult;
}

/** Client and pool tell who asks by this key of the options how far a message comes. */
const progress = Symbol.for('fivewire.progress');

interface Place {
  extensions: Extensions;
  host: string;
}

/** Follows one message on its way. */
export class Journey {
  #place: Place | undefined;
  #begun = 0;
  #letIn = 0;

  /** To be sent along. */
  readonly options: SendOptions = {
    [progress]: (event: string, place: Place) => this.#reached(event, place),
  } as SendOptions;

  #reached(event: string, place: Place): void {
    const now = performance.now();
    if (event === 'offer' || event === 'send-whole') this.#begun = now; // another time, where a pool sends it anew
    if (event === 'send-whole' || event === 'accepted' || event === 'go-ahead') this.#letIn = now;
    this.#place = place;
  }

  /** To be called when it has been sent. */
  info(
    messageId: string | undefined,
    { from, to }: SentInfo['envelope'],
    result: SendResult,
  ): SentInfo {
    const { accepted, refused, reply, bytes } = result;
    const response = responseOf(reply);
    const serverMessageId = serverMessageIdOf(response, this.#place?.host ?? '');
    return {
      messageId,
      envelope: { from, to },
      accepted: accepted.map(({ address }) => address),
      rejected: refused.map(({ address }) => address),
      response,
      messageSize: bytes,
      ...this.#told(),
      ...(serverMessageId !== undefined && { serverMessageId }),
      result,
    };
  }

  #told(): Pick<SentInfo, 'ehlo' | 'envelopeTime' | 'messageTime'> {
    if (this.#place === undefined) return {};
    const ehlo = [...this.#place.extensions].map(([keyword, words]) =>
      [keyword, ...words].join(' '),
    );
    return {
      ...(ehlo.length > 0 && { ehlo }),
      envelopeTime: Math.round(this.#letIn - this.#begun),
      messageTime: Math.round(performance.now() - this.#letIn),
    };
  }
}

/**
 * Microsoft 365 names it: `250 2.0.0 OK <…@….prod.outlook.com> [Hostname=…]`. Amazon SES says its local part alone, `250 Ok 0100018b-…`;
 * the domain is that of the region whose endpoint it is.
 */
function serverMessageIdOf(response: string, host: string): string | undefined {
  const [, named] = /^250 2\.0\.0 OK (<[^<>\s]+\.prod\.outlook\.com>)/i.exec(response) ?? [];
  if (named !== undefined) return named;
  const [, local] = /^250 Ok ([0-9a-f]+(?:-[0-9a-f]+)+)$/i.exec(response) ?? [];
  const name = host.toLowerCase().replace(/\.$/, '');
  if (local === undefined || !/\.(?:amazonaws|awsapps)\.com$/.test(name)) return undefined;
  const region = name.split('.').find((label) => /^[a-z]{2}(?:-[a-z]+)+-\d+$/.test(label));
  if (region === undefined) return undefined;
  const domain = region === 'us-east-1' ? 'email' : region;
  return `<${local.toLowerCase()}@${domain}.amazonses.com>`;
}
