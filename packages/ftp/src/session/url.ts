/** `ftps://user@host/path`: RFC 1738 §3.2. The path begins where the login does; a second slash, or `%2F`, begins at the root. */
import { UsageError } from '@fivewire/line-protocol';

export interface FtpUrl {
  /** The URL without what stands behind the host. */
  server: string;
  /** Decoded; `''` where there is none. */
  path: string;
  /** `;type=a` behind the path. */
  type: 'ascii' | 'binary' | undefined;
}

/** @throws UsageError ERR_ARGUMENT for a path that is not percent-encoded UTF-8 */
export function splitUrl(url: string | URL): FtpUrl {
  const text = String(url);
  const [, server = text, encoded = ''] = /^([^:]*:\/\/[^/?#]*)\/?([^?#]*)$/.exec(text) ?? [];
  const [, path = encoded, type] = /^(.*);type=([aid])$/is.exec(encoded) ?? [];
  try {
    return {
      server,
      path: decodeURIComponent(path),
      type: type === undefined ? undefined : type.toLowerCase() === 'a' ? 'ascii' : 'binary',
    };
  } catch {
    throw new UsageError('ERR_ARGUMENT', 'The path of the URL is not percent-encoded UTF-8.', {
      protocol: 'ftp',
      argument: 'url',
      hint: 'Connect to the server, then name the path in the call, as octets.',
    });
  }
}
