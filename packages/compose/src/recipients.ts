/** Who a message is from and for: the caller's addresses, checked, for the header and for the envelope. */
import { parseAddress } from '@fivewire/smtp';
import {
  type AddressListEntry,
  encodedWord,
  type Mailbox,
  parseAddressList,
} from './address-list.js';
import { checkKeys, checkLine, wrong } from './check-values.js';
import { longestWord } from './header-field.js';
import type { AddressInput, GivenEnvelope } from './types.js';

/** A mailbox whose address SMTP takes. */
export interface CheckedMailbox extends Mailbox {
  /** The address as a header has it: the domain in A-labels. */
  headerAddress: string;
  /** The local part needs SMTPUTF8. */
  utf8: boolean;
}

export type CheckedEntry =
  | CheckedMailbox
  | { name: string; encodedName?: string; members: CheckedMailbox[] };

export const mailboxesOf = (entries: readonly CheckedEntry[]): CheckedMailbox[] =>
  entries.flatMap((entry) => ('members' in entry ? entry.members : [entry]));

/** How deep lists may stand in lists. */
const depthLimit = 8;

/** @throws UsageError `ERR_ARGUMENT` naming the field and what could not be read */
export function readAddresses(value: AddressInput | undefined, field: string): CheckedEntry[] {
  if (value === undefined || value === '') return [];
  const entries: CheckedEntry[] = [];
  const read = (given: AddressInput, argument: string, depth: number): void => {
    if (Array.isArray(given)) {
      if (depth > depthLimit) throw wrong(argument, `has lists in lists, more than ${depthLimit}`);
      for (const [i, one] of given.entries()) read(one, `${argument}[${i}]`, depth + 1);
    } else if (typeof given === 'string') {
      for (const entry of parseAddressList(given, argument)) entries.push(checked(entry, argument));
    } else entries.push(checked(fromObject(given, argument), argument));
  };
  read(value, field, 0);
  return entries;
}

function fromObject(given: AddressInput, argument: string): AddressListEntry {
  if (typeof given !== 'object' || given === null)
    throw wrong(
      argument,
      'is neither a string, an object nor a list',
      'Nobody is undefined or an empty list; an entry of a list names somebody.',
    );
  if ('group' in given) {
    checkKeys(given, ['name', 'group'], argument);
    const { name, group } = given;
    checkLine(name, `${argument}.name`);
    if (!Array.isArray(group)) throw wrong(`${argument}.group`, 'must be a list');
    const members = readAddresses(group, `${argument}.group`);
    if (members.some((one) => 'members' in one))
      throw wrong(`${argument}.group`, 'holds a group', 'RFC 5322 has no groups in groups.');
    return { name, members: mailboxesOf(members) };
  }
  checkKeys(given, ['name', 'address'], argument, {
    email: 'Use `address`.',
    mail: 'Use `address`.',
  });
  const { name, address } = given as { name?: string; address: string };
  if (name !== undefined) checkLine(name, `${argument}.name`);
  checkLine(address, `${argument}.address`);
  if (encodedWord.test(address))
    throw wrong(`${argument}.address`, 'has an encoded-word', 'RFC 2047 §5 allows none there.');
  return name === undefined || name === '' ? { address } : { name, address };
}

function checked(entry: AddressListEntry, argument: string): CheckedEntry {
  if ('members' in entry)
    return { ...entry, members: entry.members.map((one) => checkedMailbox(one, argument)) };
  return checkedMailbox(entry, argument);
}

/** The last word is SMTP's: what the client would not send is no address here. */
function checkedMailbox(mailbox: Mailbox, argument: string): CheckedMailbox {
  const { address, encodedName = '' } = mailbox;
  if (encodedName.split(' ').some((word) => word.length > longestWord))
    throw wrong(
      argument,
      `has a word of more than ${longestWord} characters`,
      'Give the name as text: it is encoded here.',
    );
  const { text, utf8 } = parseAddress(address, argument);
  if (!text.includes('@'))
    throw wrong(argument, `holds "${address}", which has no @`, 'Add its domain.');
  return { ...mailbox, headerAddress: text, utf8 };
}

// ── the envelope ───────────────────────────────────────────────────────────────────────────────────────────────

export interface Parties {
  from: readonly CheckedEntry[];
  sender: CheckedMailbox | undefined;
  to: readonly CheckedEntry[];
  cc: readonly CheckedEntry[];
  bcc: readonly CheckedEntry[];
}

/** Every address of to, cc and bcc once, as it was written. */
export function envelopeOf({ from, sender, to, cc, bcc }: Parties): {
  from: string;
  to: string[];
} {
  const authors = mailboxesOf(from);
  const [author] = authors;
  if (author === undefined)
    throw wrong('from', 'holds no address', 'Write it as Alice <alice@example.org>.');
  if (authors.length > 1 && sender === undefined)
    throw wrong(
      'from',
      'holds several addresses, and sender is missing',
      'Say in sender which of them sends the message (RFC 5322 §3.6.2).',
    );
  const recipients = new Map<string, string>();
  for (const { address, headerAddress } of mailboxesOf([...to, ...cc, ...bcc])) {
    const key = domainInLowerCase(headerAddress);
    if (!recipients.has(key)) recipients.set(key, address);
  }
  if (recipients.size === 0)
    throw wrong('to', 'holds no address', 'Name at least one recipient in to, cc or bcc.');
  return { from: (sender ?? author).address, to: [...recipients.values()] };
}

const domainInLowerCase = (address: string): string => {
  const at = address.lastIndexOf('@');
  return address.slice(0, at) + address.slice(at).toLowerCase();
};

/** An envelope of the caller's own: exact addresses, nothing is parsed out of a text. */
export function checkEnvelope(given: GivenEnvelope): { from: string | null; to: string[] } {
  checkKeys(given, ['from', 'to'], 'envelope', {
    cc: 'All recipients stand in envelope.to.',
    bcc: 'All recipients stand in envelope.to.',
    size: 'The client tells it, where it is known.',
  });
  const { from, to } = given;
  if (!from && from !== null)
    throw wrong('envelope.from', 'is missing', 'null is the empty reverse-path: nothing bounces.');
  if (from !== null) parseAddress(from, 'envelope.from');
  const list = Array.isArray(to) ? (to as readonly string[]) : [to as string];
  if (list.length === 0) throw wrong('envelope.to', 'names no recipient');
  for (const [i, address] of list.entries()) parseAddress(address, `envelope.to[${i}]`);
  return { from, to: [...new Set(list)] };
}
