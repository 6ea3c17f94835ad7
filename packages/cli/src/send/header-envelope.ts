/** Who a message is from and for, by its header (RFC 5322 §3.6). */

/** A name as it is written, and what stands behind its colon, folds included. */
export interface HeaderField {
  name: string;
  value: string;
}

/** The fields that address it: the original ones, or those of the last who resent it. */
export interface AddressFields {
  /** The first that is there says who it is from. */
  senders: HeaderField[];
  recipients: HeaderField[];
  /** They are Resent- fields. */
  resent: boolean;
}

/**
 * A message that was resent goes to the recipients of the newest block of Resent- fields, and to nobody of the fields of its author
 * or of those who resent it before (§3.6.6).
 */
export function addressFields(fields: readonly HeaderField[]): AddressFields {
  const block = newestResent(fields);
  const prefix = block.length > 0 ? 'resent-' : '';
  const named = (name: string): HeaderField[] =>
    (block.length > 0 ? block : fields).filter((field) => nameOf(field) === `${prefix}${name}`);
  return {
    senders: [...named('sender'), ...named('from')],
    recipients: ['to', 'cc', 'bcc'].flatMap(named),
    resent: block.length > 0,
  };
}

/**
 * Blocks stand one above the other: a field that comes again, and a trace field, begin the one below. What is written twice, one
 * right behind the other, is one field in two pieces: nobody of it is left out.
 */
function newestResent(fields: readonly HeaderField[]): HeaderField[] {
  const block: HeaderField[] = [];
  for (const field of fields) {
    const name = nameOf(field);
    if (block.length > 0 && /^(?:received|return-path)$/.test(name)) break;
    if (!/^resent-(?:from|sender|to|cc|bcc|date|msg-id|message-id)$/.test(name)) continue;
    const [last] = block.slice(-1);
    const isAgain = block.some((one) => nameOf(one) === name);
    if (isAgain && last !== undefined && nameOf(last) !== name) break;
    block.push(field);
  }
  return block;
}

const nameOf = ({ name }: HeaderField): string => name.toLowerCase();
