/** ALL_PROXY and NO_PROXY, as curl and its kin read them: for callers who ask for it by `proxy: 'environment'`. */
import { BlockList } from 'node:net';
import { ipVersion } from 'tls-context-core';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy's URL; `undefined` where there is none or NO_PROXY names the host. Lower case wins over upper case. */
export function proxyOfEnvironment(
  { host, port }: { host: string; port: number },
  environment: Environment,
): string | undefined {
  const url = environment.all_proxy || environment.ALL_PROXY;
  if (!url) return undefined;
  const exceptions = environment.no_proxy ?? environment.NO_PROXY ?? '';
  if (exceptions.split(/[\s,]+/).some((entry) => entry !== '' && covers(entry, host, port)))
    return undefined;
  return url.includes('://') ? url : `http://${url}`;
}

/** `*`, a name (and all names below it), an address, a network as address/bits; each but the first with `:port` if it likes. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, bare = entry, wanted] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (wanted !== undefined && Number(wanted) !== port) return false;
  const name = bare.replace(/^\[|\]$/g, '').toLowerCase();
  if (ipVersion(host) !== 0) return coversAddress(name, host);
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function coversAddress(entry: string, host: string): boolean {
  const [address = '', bits] = entry.split('/');
  const family = ipVersion(address);
  if (family === 0 || family !== ipVersion(host)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most || bits === '') return false;
  const list = new BlockList();
  list.addSubnet(address, prefix, type);
  return list.check(host, type);
}
