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
  const flat = text.replace(/\r?\n(?=[ \t])/g, '').trim();
  if (flat === '') return [];
  try {
    return parseAddressList(flat, what, { unqualified: true })
      .flatMap((entry) => ('members' in entry ? entry.members : [entry]))
      .map(({ address }) => completed(address, domain));
  } catch (error) {
    throw new Failure(exitCodes.badData, `Nothing was sent: ${line((error as Error).message)}`, {
      cause: error,
      code: 'ERR_ARGUMENT',
      hint: 'Separate addresses by commas: bob@example.org, "Carol C." <carol@example.net>.',
    });
  }
}

/** With a domain, a local part alone becomes an address. */
const completed = (address: string, domain: string | undefined): string =>
  domain === undefined || address.includes('@') ? address : `${address}@${domain}`;
