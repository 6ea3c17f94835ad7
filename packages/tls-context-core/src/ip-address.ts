/** IP addresses as octets and in their one canonical text (RFC 5952 for IPv6). */

import { isIPv4, isIPv6 } from 'node:net';

/**
 * What `net.isIP` says. On Node 20 the first name that it is asked about costs a process 10 ms, in which it compiles a regular
 * expression for IPv6; a name has no colon.
 */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (text.includes(':')) return isIPv6(text) ? 6 : 0;
  return isIPv4(text) ? 4 : 0;
}

/** 4 or 16 octets; nothing where `text` is no IP address. A zone id (`fe80::1%eth0`) is none of an identity. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (text.includes('%')) return undefined;
  switch (ipVersion(text)) {
    case 4:
      return ipv4Octets(text);
    case 6:
      return ipv6Octets(text);
    default:
      return undefined;
  }
}

/** Octets to text; octets of another length than 4 or 16 come out as hex, for they stand in certificates too. */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length === 16) return formatIpv6(octets);
  return `0x${Buffer.from(octets).toString('hex')}`;
}

const ipv4Octets = (text: string): Uint8Array => Uint8Array.from(text.split('.'), Number);

/** {@link ipVersion} has judged the syntax already, so that this may be brief. */
function ipv6Octets(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const front = groupOctets(head);
  const back = groupOctets(tail ?? '');
  const octets = new Uint8Array(16);
  octets.set(front, 0);
  octets.set(back, 16 - back.length);
  return octets;
}

function groupOctets(groups: string): number[] {
  if (groups === '') return [];
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return [...ipv4Octets(group)];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** RFC 5952 §4: no leading zeros, lower case, the first longest run of two or more zero groups becomes `::`. */
function formatIpv6(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0)).toString(16),
  );
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(':');
  const before = groups.slice(0, run.start).join(':');
  const after = groups.slice(run.start + run.length).join(':');
  return `${before}::${after}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
