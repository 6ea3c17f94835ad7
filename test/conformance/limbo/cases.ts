/** x509-limbo's cases, and which of them a TLS client can be put through by a handshake of today. */
import { X509Certificate } from 'node:crypto';

/** A case as x509-limbo writes it; what no handshake needs is left out. */
export interface LimboCase {
  id: string;
  description: string;
  features: string[];
  validation_kind: 'SERVER' | 'CLIENT';
  trusted_certs: string[];
  untrusted_intermediates: string[];
  peer_certificate: string;
  peer_certificate_key: string | null;
  validation_time: string | null;
  expected_result: 'SUCCESS' | 'FAILURE';
  expected_peer_name: { kind: 'DNS' | 'IP'; value: string } | null;
  crls: string[];
}

/** Why a case says nothing about a client's handshake. First match wins. */
const obstacles: [reason: string, stands: (one: LimboCase) => boolean][] = [
  ['a server judges a client certificate here', (one) => one.validation_kind === 'CLIENT'],
  ['no private key is published, so nobody can serve it', (one) => !one.peer_certificate_key],
  [
    'Node has no option for the depth of a chain',
    (one) => one.features.includes('max-chain-depth'),
  ],
  ['by the clock of today its certificates stand otherwise', isOfAnotherTime],
];

export function obstacleTo(one: LimboCase): string | undefined {
  return obstacles.find(([, stands]) => stands(one))?.[0];
}

/**
 * OpenSSL knows no clock but the machine's. A case of another time still holds where each of its certificates is as
 * valid, as expired or as early today as it was then, to the second, which is all that a certificate can say.
 */
function isOfAnotherTime(one: LimboCase): boolean {
  if (one.validation_time === null) return false;
  const then = Math.floor(Date.parse(one.validation_time) / 1000) * 1000;
  const all = [one.peer_certificate, ...one.untrusted_intermediates, ...one.trusted_certs];
  return all.some((pem) => {
    const { validFrom, validTo } = new X509Certificate(pem);
    const at = (time: number): number =>
      Math.sign(time - Date.parse(validFrom)) + Math.sign(time - Date.parse(validTo));
    return at(then) !== at(Date.now());
  });
}

/**
 * Cases whose point is a name, ours to judge on every Node line alike: what the certificate calls itself, what a wildcard
 * stands for, and whether that is whom we asked for. (All else about name constraints is the chain's, and OpenSSL's.)
 */
export function isNameCase({ id }: LimboCase): boolean {
  return /::(?:san|cn)::|::ca-as-leaf-wrong-san$|-wildcard-san$|::cve-2025-61727/.test(id);
}
