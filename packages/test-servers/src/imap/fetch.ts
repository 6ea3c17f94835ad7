/** FETCH items, RFC 9051 §6.4.5. */
import type { StoredMessage } from '../mail-store.js';
import { type Argument, Refusal, textOf } from './arguments.js';
import { bodyStructure, envelope } from './body-structure.js';
import { encodeDateTime, encodeLiteral } from './encode.js';
import type { ImapSession, Seen } from './imap-session.js';
import { type Part, parsePart } from './mime.js';
import { parseSection, sectionOctets } from './section.js';

const macros: Readonly<Record<string, readonly string[]>> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
};

interface Source {
  message: StoredMessage;
  /** The message's parts, parsed once and only if asked for. */
  root(): Part;
}

/** The items whose name is the whole request. */
const plainItems: Readonly<Record<string, (source: Source) => string>> = {
  UID: ({ message }) => String(message.uid),
  FLAGS: ({ message }) => `(${[...message.flags].join(' ')})`,
  INTERNALDATE: ({ message }) => encodeDateTime(message.internalDate),
  'RFC822.SIZE': ({ message }) => String(message.octets.length),
  MODSEQ: ({ message }) => `(${message.modSeq})`,
  EMAILID: ({ message }) => `(${message.uniqueId})`,
  ENVELOPE: ({ root }) => envelope(root()),
  BODY: ({ root }) => bodyStructure(root(), false),
  BODYSTRUCTURE: ({ root }) => bodyStructure(root(), true),
  RFC822: ({ message }) => octetString(message.octets),
  'RFC822.HEADER': ({ root }) => octetString(root().header),
  'RFC822.TEXT': ({ root }) => octetString(root().body),
};

/** Requests that mark the message as seen. */
const seenBy = new Set(['RFC822', 'RFC822.TEXT']);

/** The names to answer, macros expanded; UID is there whenever the command was UID FETCH. */
export function parseFetchItems(argument: Argument | undefined, byUid: boolean): Set<string> {
  const asked = argument?.kind === 'list' ? argument.items : [argument];
  const names = asked.flatMap((item) => {
    const text = textOf(item);
    const upper = text.toUpperCase();
    if (plainItems[upper]) return [upper];
    if (parseSection(text) || /^BINARY\.SIZE\[[\d.]*\]$/i.test(text)) return [text];
    const macro = macros[upper];
    if (!macro) throw new Refusal(`BAD Unknown item`);
    return macro;
  });
  return new Set(byUid ? ['UID', ...names] : names);
}

export async function fetchMessage(
  at: ImapSession,
  number: number,
  seen: Seen,
  items: ReadonlySet<string>,
): Promise<void> {
  const { message } = seen;
  let parsed: Part | undefined;
  const source: Source = {
    message,
    root: () => {
      parsed ??= parsePart(message.octets);
      return parsed;
    },
  };
  const answers = [...items].filter((name) => name !== 'FLAGS').map((name) => answer(name, source));
  if (marksSeen(items) && at.selected && !at.selected.readOnly && !message.flags.has('\\Seen')) {
    at.selected.mailbox.setFlags(message.uid, [...message.flags, '\\Seen']);
    seen.modSeq = message.modSeq;
    answers.push(answer('FLAGS', source));
  } else if (items.has('FLAGS')) answers.push(answer('FLAGS', source));
  await at.untagged(`${number} FETCH (${answers.join(' ')})`);
}

function marksSeen(items: ReadonlySet<string>): boolean {
  return [...items].some((name) => seenBy.has(name) || parseSection(name)?.peek === false);
}

function answer(name: string, source: Source): string {
  const plain = plainItems[name];
  if (plain) return `${name} ${plain(source)}`;
  const { message, root } = source;
  const size = /^BINARY\.SIZE(\[[\d.]*\])$/i.exec(name)?.[1];
  const section = parseSection(size === undefined ? name : `BINARY.PEEK${size}`);
  const octets = section && sectionOctets(root(), message.octets, section);
  if (size !== undefined) return `${name.toUpperCase()} ${octets?.length ?? 0}`;
  return `${section?.label} ${octets ? octetString(octets, section?.binary) : 'NIL'}`;
}

/** Octets go as a literal: it may hold anything; with NUL only as literal8, RFC 3516. */
function octetString(octets: Buffer, binary = false): string {
  const literal = encodeLiteral(octets.toString('latin1'));
  return binary && octets.includes(0) ? `~${literal}` : literal;
}
