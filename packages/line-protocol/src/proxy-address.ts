/** A proxy as its URL names it, and what it may answer. */
import { parseServerHostname, UsageError } from 'tls-context-core';

export interface ProxyAddress {
  readonly scheme: 'socks5' | 'socks4a' | 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const ports = { socks5: 1080, socks4a: 1080, http: 8080, https: 443 } as const;

/** @throws UsageError `ERR_ARGUMENT` for a scheme that we do not speak. The URL's password is never shown. */
export function parseProxy(url: string): ProxyAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw wrongProxy('proxy is no URL', 'Write it as socks5://host:1080.');
  }
  const scheme = parsed.protocol.slice(0, -1).replace(/^socks5h$|^socks$/, 'socks5');
  if (!Object.hasOwn(ports, scheme) || parsed.hostname === '') {
    throw wrongProxy(
      `proxy has the scheme ${scheme}:`,
      'Use socks5://, socks4a://, http:// or https:// (CONNECT).',
    );
  }
  const known = scheme as keyof typeof ports;
  return {
    scheme: known,
    host: hostOf(parsed),
    // URL drops a port that is the scheme's default (80 for http).
    port: Number(parsed.port || (known === 'http' && /:80(\/|$)/.test(url) ? 80 : ports[known])),
    user: decode(parsed.username),
    password: decode(parsed.password),
  };
}

function hostOf({ hostname }: URL): string {
  try {
    return parseServerHostname(decode(hostname)).name;
  } catch {
    throw wrongProxy('proxy names a host that is none');
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongProxy('proxy has a part that is not percent-encoded UTF-8');
  }
}

export const wrongProxy = (message: string, hint = ''): UsageError =>
  new UsageError('ERR_ARGUMENT', message, { argument: 'proxy', hint });

/** What a proxy's answer says beside its message. */
export class ProxyRefusal extends Error {
  readonly refusal: { retry: 'later' | 'never'; hint?: string };
  constructor(message: string, refusal: ProxyRefusal['refusal']) {
    super(message);
    this.refusal = refusal;
  }
}
