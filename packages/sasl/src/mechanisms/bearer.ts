/** What OAUTHBEARER and XOAUTH2 share: the challenge that explains a refusal (RFC 7628 section 3.2.2). */
import type { Refusal } from '../mechanism.js';
import { fromUtf8, printable } from '../text.js';

/** Reads `{"status":"invalid_token","scope":"…"}`. What is no such JSON refuses all the same, without saying why. */
export function bearerRefusal(challenge: Uint8Array): Refusal {
  const { status, scope, 'openid-configuration': issuer } = jsonObject(challenge);
  const said = [
    typeof status === 'string' && `status ${printable(status, 60)}`,
    typeof scope === 'string' && scope !== '' && `scope ${printable(scope)}`,
    typeof issuer === 'string' && `issuer ${printable(issuer)}`,
  ].filter((part) => part !== false);
  const reason = said.join(', ');
  const advice =
    'Refresh the access token, and check its scope and that it was issued for this user.';
  return {
    reason,
    hint: reason === '' ? advice : `The server says: ${reason}. ${advice}`,
    ...(typeof status === 'string' && staleStatus.test(status) ? { means: 'token' } : {}),
  };
}

/** RFC 6750 section 3.1's word; providers write HTTP's number there as well (Google 400, Microsoft 401). */
const staleStatus = /^(?:invalid_token|invalid_request|40[01])$/i;

function jsonObject(octets: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(fromUtf8(octets) ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
