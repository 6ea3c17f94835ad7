/**
 * A second matcher, written from RFC 9525 §6.3 and §6.4 alone, slow and literal, for the fast one to be held against.
 */

/** `reference` is an A-label name in lower case, or `{ ip }` as octets. */
export function modelMatches(
  presented: { dns: string[]; ip: Uint8Array[] },
  reference: string | { ip: Uint8Array },
): boolean {
  if (typeof reference !== 'string') {
    return presented.ip.some((ip) => [...ip].join() === [...reference.ip].join());
  }
  return presented.dns.some((name) => dnsMatches(name.split('.'), reference.split('.')));
}

function dnsMatches(presented: string[], reference: string[]): boolean {
  if (presented.length !== reference.length) return false;
  return presented.every((label, i) => {
    const other = reference[i] ?? '';
    if (i === 0 && label === '*' && presented.length > 2) return other !== '';
    return label !== '' && ![...label].some(isForeign) && sameIgnoringAsciiCase(label, other);
  });
}

const isForeign = (character: string): boolean =>
  !'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'.includes(character);

function sameIgnoringAsciiCase(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    const lower = x >= 65 && x <= 90 ? x + 32 : x;
    if (lower !== y) return false;
  }
  return true;
}
