/** The names in a certificate as Node prints them: another reader than ours, for what ours accepted. */
import { BlockList, isIPv6 } from 'node:net';

export function presentedNames(
  subjectAltName: string | undefined,
  wanted: string,
): { dns: string[]; ip: Uint8Array[]; octets: Uint8Array } {
  const names = (subjectAltName ?? '').split(', ');
  const ofKind = (kind: string) =>
    names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  const octets = Buffer.from(wanted);
  // Two texts of one address are the same to a BlockList: no parser of ours is asked.
  const isWanted = (address: string) => {
    const list = new BlockList();
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addAddress(address, family);
    return list.check(wanted, isIPv6(wanted) ? 'ipv6' : 'ipv4');
  };
  const ip = ofKind('IP Address:').map((address) =>
    isWanted(address) ? octets : Buffer.from(address),
  );
  return { dns: ofKind('DNS:'), ip, octets };
}
