/**
 * Addresses as people write them on a command line and in a header: RFC 5322 address lists, and a local part alone, which
 * stays as written (a submission server completes it, RFC 6409 §8.1) or gets the `--domain`. All of a text is understood, or it
 * is refused: who would be left out in silence would never know.
 */
import { parseAddressList } from '@fivewire/compose';
import { exitCodes, Failure } from '../exit-code.js';
import { line } from '../output.js';

/**
 * The bare addresses, in order.
 *
 * @param what names the text in the error: `To`, `--to`
 * @throws Failure 65
 */
export function addressesIn(text: string, what: string, domain?: string): string[] {
  const flat = text.replace(/(?:\r\n?|\n)(?=[ \t])/g, '').trim();
  if (flat === '') return [];
  try {
    return parseAddressList(flat, what, { unqualified: true })
      .flatMap((entry) => ('members' in entry ? entry.members : [entry]))
      .map(({ address }) => sendable(completed(address, domain)));
  } catch (error) {
    throw new Failure(exitCodes.badData, `Nothing was sent: ${line((error as Error).message)}`, {
      cause: error,
      code: 'ERR_ARGUMENT',
      hint: 'Separate addresses by commas: bob@example.org, "Carol C." <carol@example.net>.',
    });
  }
}

/** RFC 5321 §4.5.3.1: what no server need take is refused before any is asked. */
function sendable(address: string): string {
  const at = address.lastIndexOf('@');
  const local = Buffer.byteLength(at < 0 ? address : address.slice(0, at));
  const domain = at < 0 ? 0 : Buffer.byteLength(address.slice(at + 1));
  if (local > 64) throw new Error(`${address.slice(0, 80)} has more than 64 octets before its @`);
  if (domain > 255) throw new Error(`${address.slice(0, 80)} has a domain of more than 255 octets`);
  return address;
}

/** Of an option or an operand, which says who: blanks alone are a mistake, and not the same as nothing. @throws Failure 65 */
export function recipientsIn(text: string, what: string, domain?: string): string[] {
  const found = addressesIn(text, what, domain);
  if (found.length > 0) return found;
  throw new Failure(exitCodes.badData, `Nothing was sent: ${what} names no address`, {
    code: 'ERR_ARGUMENT',
    hint: 'A variable of the shell may hold blanks alone.',
  });
}

/** Each once: domains are the same in any case, local parts are the recipient's affair (RFC 5321 §2.4). */
export function eachOnce(addresses: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const address of addresses) {
    const at = address.lastIndexOf('@') + 1;
    const key = at === 0 ? address : address.slice(0, at) + address.slice(at).toLowerCase();
    if (!found.has(key)) found.set(key, address);
  }
  return [...found.values()];
}

/** With a domain, a local part alone becomes an address. */
const completed = (address: string, domain: string | undefined): string =>
  domain === undefined || address.includes('@') ? address : `${address}@${domain}`;
