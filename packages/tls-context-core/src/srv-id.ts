/** SRV-ID: the identity of a service in a domain, whichever host serves it. RFC 4985, RFC 9525 §6.5. */

import { badOption } from './option-check.js';
import { parseServerHostname } from './server-hostname.js';

const form = /^_([a-z0-9](?:-?[a-z0-9])*)\.(.+)$/is;

/** `'_IMAPS.Example.org.'` as `'_imaps.example.org'`: service names are those of RFC 6335 §5.1. */
export function parseSrvId(text: string): string {
  const [, service = '', domain = ''] = (typeof text === 'string' && form.exec(text)) || [];
  if (service === '' || service.length > 15) {
    throw badOption('srvId', 'must be "_service.domain", such as "_imaps.example.org"');
  }
  const { kind, name } = parseServerHostname(domain);
  if (kind !== 'dns') throw badOption('srvId', 'must name a domain, no address');
  return `_${service.toLowerCase()}.${name}`;
}
