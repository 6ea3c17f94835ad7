/** Addresses in the headers of an article to post: RFC 5322 §3.4, as far as articles have it. */
import { encodeHeader } from './header-text.js';

export interface Mailbox {
  /** As it was written, quotes and all; '' where there is none. */
  name: string;
  address: string;
  /** `alice@example.org (Alice)`, the form of old. */
  comment: string;
}

// mailbox = [name] "<" address ">" / address ["(" comment ")"]

export function parseMailbox(text: string): Mailbox | undefined {
  const [, name = '', angled, bare, comment = ''] =
    /^(?:([^<>]*)<([^<>]*)>|([^<>\s()]+)(?:\s*\(([^()]*)\))?)$/.exec(text.trim()) ?? [];
  const address = angled ?? bare ?? '';
  // addr-spec, in ASCII (RFC 5536 §3.1.2)
  if (!/^(?:[^\s@"<>(),;:\\]+|"[^"\\]+")@[^\s@"<>(),;]+$/.test(address)) return undefined;
  return /^[\x20-\x7e]+$/.test(address) ? { name: name.trim(), address, comment } : undefined;
}

/** Several, with commas between them. `undefined` where one of them is none. */
export function parseMailboxes(text: string): Mailbox[] | undefined {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|\([^()]*\)|[^,"<>()])+|,/g) ?? [];
  if (parts.join('') !== text) return undefined;
  const found = parts.filter((part) => part !== ',').map(parseMailbox);
  return found.length > 0 && found.every((each) => each !== undefined) ? found : undefined;
}

/** The address itself is never encoded (RFC 2047 §5), and a name that would be read as something else is quoted. */
export function encodeMailbox({ name, address, comment }: Mailbox): string {
  if (comment !== '') return `${address} (${encodeHeader(comment)})`;
  if (name === '') return address;
  const [, quoted] = /^"((?:[^"\\]|\\.)*)"$/.exec(name) ?? [];
  const plain = quoted?.replace(/\\(.)/g, '$1') ?? name;
  if (encodeHeader(plain) !== plain) return `${encodeHeader(plain)} <${address}>`;
  const isPhrase = quoted !== undefined || !/[()[\]:;@\\,"]/.test(name.replace(/\([^()]*\)/g, ''));
  return `${isPhrase ? name : `"${name.replace(/["\\]/g, '\\$&')}"`} <${address}>`;
}
