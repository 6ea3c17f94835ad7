/** A message as a person sees it: decoded texts, links and attachments, RFC 5322, RFC 2045. */
import type { Address, Email } from 'postal-mime';

export interface MessageAddress {
  /** Empty where none is given. */
  name: string;
  address: string;
}

export interface MessageAttachment {
  /** Decoded; empty where none is given. */
  filename: string;
  /** `image/png`, lower case. */
  contentType: string;
  /** Lower case: `attachment`, `inline`, or what the message says. */
  disposition: string | undefined;
  /** Without angle brackets. */
  contentId: string | undefined;
  octets: Buffer;
}

export interface ParsedMessage {
  from: MessageAddress | undefined;
  to: MessageAddress[];
  cc: MessageAddress[];
  /** Decoded; empty where there is none. */
  subject: string;
  /** With angle brackets. */
  messageId: string | undefined;
  date: Date | undefined;
  /** The text part; empty where there is none. */
  text: string;
  /** The HTML part, untouched: don't show it outside of a sandbox. Empty where there is none. */
  html: string;
  /** `http`, `https` and `mailto` links: those of the HTML, then those of the text; each once. */
  links: string[];
  attachments: MessageAttachment[];
  /** Each field of the header, decoded, in their order. */
  headers: { name: string; value: string }[];
}

const parsed = new WeakMap<Uint8Array, Promise<ParsedMessage>>();

/** Parses a message, once for the same octets. What is malformed is read as far as it can be. */
export function parseMessage(octets: Uint8Array): Promise<ParsedMessage> {
  let found = parsed.get(octets);
  if (!found) {
    found = parse(octets);
    parsed.set(octets, found);
  }
  return found;
}

async function parse(octets: Uint8Array): Promise<ParsedMessage> {
  const { default: PostalMime } = await import('postal-mime');
  const email = await PostalMime.parse(octets, { attachmentEncoding: 'arraybuffer' });
  const date = new Date(email.date ?? '');
  return {
    from: mailboxesOf(email.from)[0],
    to: email.to?.flatMap(mailboxesOf) ?? [],
    cc: email.cc?.flatMap(mailboxesOf) ?? [],
    subject: email.subject ?? '',
    messageId: email.messageId,
    date: Number.isNaN(date.getTime()) ? undefined : date,
    text: email.text ?? '',
    html: email.html ?? '',
    links: linksOf(email.html ?? '', email.text ?? ''),
    attachments: email.attachments.map(attachment),
    headers: email.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
  };
}

function mailboxesOf(address: Address | undefined): MessageAddress[] {
  if (!address) return [];
  if (address.group) return address.group.map(({ name, address: one }) => ({ name, address: one }));
  return [{ name: address.name, address: address.address ?? '' }];
}

function attachment(one: Email['attachments'][number]): MessageAttachment {
  return {
    filename: one.filename ?? '',
    contentType: one.mimeType.toLowerCase(),
    disposition: one.disposition ?? undefined,
    contentId: one.contentId?.replace(/^<|>$/g, ''),
    octets:
      typeof one.content === 'string'
        ? Buffer.from(one.content)
        : Buffer.from(one.content as ArrayBuffer),
  };
}

/** What a reader could click on. */
export function linksOf(html: string, text: string): string[] {
  const targets = [
    ...html.matchAll(/<(?:a|area)\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi),
  ].map(([, double, single, bare]) => decodeEntities(double ?? single ?? bare ?? '').trim());
  const written = text.match(/\b(?:https?:\/\/|mailto:)[^\s<>"]+/gi) ?? [];
  const links = [...targets, ...written.map(withoutPunctuation)];
  return [...new Set(links)].filter((link) => /^(?:https?:\/\/|mailto:)/i.test(link));
}

/** What ends a sentence is no part of a URL, nor is a bracket that was opened before it. */
function withoutPunctuation(url: string): string {
  let end = url.length;
  for (; end > 0; end--) {
    const last = url[end - 1] as string;
    const opening = { ')': '(', ']': '[', '}': '{' }[last];
    const isOwn = opening !== undefined && url.slice(0, end).includes(opening);
    if (isOwn || !/[.,;:!?)\]}'*_]/.test(last)) break;
  }
  return url.slice(0, end);
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi,
    (whole, hex, decimal, name) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
    },
  );
}
