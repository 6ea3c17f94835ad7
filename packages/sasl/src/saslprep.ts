/** SASLprep (RFC 4013) as SCRAM uses it (RFC 5802 sections 2.2 and 5.1). */
import { saslprep } from '@mongodb-js/saslprep';
import { UsageError } from 'tls-context-core';

/**
 * A user name, as a query string (unassigned code points pass). A name that can't be prepared, or that is empty
 * once prepared, ends the exchange before it begins: RFC 5802 section 5.1.
 */
export function prepareUser(user: string): string {
  const prepared = prepare(user, true);
  if (prepared) return prepared;
  throw new UsageError('ERR_ARGUMENT', 'auth.user has characters that SASLprep prohibits', {
    argument: 'auth.user',
    hint: 'Look for control characters, invisible characters or mixed text directions in the user name.',
  });
}

/**
 * A password. RFC 5802 says to normalize it and not what to do where that fails, as it does for an emoji that Unicode
 * 3.2 did not know: then the octets go as they are, which is what servers do with a password they can't prepare.
 */
export const preparePassword = (password: string): string => prepare(password, false) || password;

function prepare(text: string, allowUnassigned: boolean): string | undefined {
  if (/^[\x20-\x7e]*$/.test(text)) return text; // its own preparation
  try {
    return saslprep(text, { allowUnassigned });
  } catch {
    return undefined;
  }
}
