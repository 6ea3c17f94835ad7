/** Where we differ from x509-limbo's verdict, and why. Whatever is not here agrees, on each Node line. */

export interface Disagreement {
  why: string;
  /** The lines on which we differ; all, where none is named. */
  lines?: readonly number[];
  cases: readonly string[];
}

/** The suite accepts, we refuse. */
export const falseRejects: readonly Disagreement[] = [
  {
    why: 'an authority’s certificate whose key usage has no digitalSignature cannot sign a handshake',
    cases: ['pathlen::validation-ignores-pathlen-in-leaf', 'rfc5280::ca-as-leaf'],
  },
];

/** The suite refuses, we accept. In each the certificate has the very name that was asked for in its subjectAltName. */
export const falseAccepts: readonly Disagreement[] = [
  {
    why: 'rules of the CA/Browser Forum on the common name, which RFC 9525 tells a client not to look at',
    cases: [
      'webpki::cn::case-mismatch',
      'webpki::cn::ipv4-hex-mismatch',
      'webpki::cn::ipv4-leading-zeros-mismatch',
      'webpki::cn::ipv6-non-rfc5952-mismatch',
      'webpki::cn::ipv6-uncompressed-mismatch',
      'webpki::cn::ipv6-uppercase-mismatch',
      'webpki::cn::not-in-san',
      'webpki::cn::punycode-not-in-san',
      'webpki::cn::utf8-vs-punycode-mismatch',
    ],
  },
  {
    why: 'a wildcard above a public suffix longer than one label: to know it takes the Public Suffix List, which changes daily',
    cases: [
      'webpki::san::public-suffix-multi-label-wildcard-san',
      'webpki::san::public-suffix-private-namespace-wildcard-san',
    ],
  },
  {
    why: 'host names with an underscore are in use, and the whole name has to match octet by octet all the same',
    cases: ['rfc5280::san::underscore-dns'],
  },
  {
    why: 'whether subjectAltName is marked critical binds who issues; the name in it is right',
    cases: [
      'rfc5280::san::noncritical-with-empty-subject',
      'webpki::san::san-critical-with-nonempty-subject',
    ],
  },
  {
    why: 'OpenSSL takes name constraints more liberally than RFC 5280 has them issued: a leading dot, non-critical ones, ones in a leaf, a presented name with a leading dot',
    cases: [
      'rfc5280::nc::invalid-dnsname-leading-period',
      'rfc5280::nc::nc-permits-invalid-dns-san',
      'rfc5280::nc::not-allowed-in-ee-critical',
      'rfc5280::nc::not-allowed-in-ee-noncritical',
      'rfc5280::nc::permitted-dns-match-noncritical',
    ],
  },
  {
    why: 'OpenSSL without X509_V_FLAG_X509_STRICT wants no key identifiers, which only help to find a chain',
    cases: [
      'rfc5280::aki::intermediate-missing-aki',
      'rfc5280::aki::leaf-missing-aki',
      'rfc5280::ski::intermediate-missing-ski',
      'rfc5280::ski::root-missing-ski',
      'webpki::aki::root-with-aki-missing-keyidentifier',
    ],
  },
  {
    why: 'OpenSSL without X509_V_FLAG_X509_STRICT takes a trusted root as it is: that it is trusted is the caller’s word',
    cases: ['rfc5280::root-non-critical-basic-constraints'],
  },
  {
    why: 'an intermediate that the caller trusts is an anchor, whatever it says of its own issuer; cve-2024-0567 wants just such a one accepted',
    cases: ['rfc5280::aki::cross-signed-root-missing-aki'],
  },
  {
    why: 'rules of RFC 5280 for who issues, which OpenSSL does not hold against a chain',
    cases: [
      'rfc5280::leaf-ku-keycertsign',
      'rfc5280::pc::ica-noncritical-pc',
      'rfc5280::serial::too-long',
      'rfc5280::serial::zero',
    ],
  },
  {
    why: 'rules of the CA/Browser Forum for public authorities, which private ones need not keep',
    cases: [
      'webpki::ee-basicconstraints-ca',
      'webpki::eku::ee-anyeku',
      'webpki::eku::ee-critical-eku',
      'webpki::eku::ee-without-eku',
      'webpki::eku::root-has-eku',
      'webpki::forbidden-dsa-root',
      'webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf',
      'webpki::forbidden-rsa-not-divisible-by-8-in-root',
      'webpki::malformed-aia',
    ],
  },
  {
    why: 'Node 20 and 22 run OpenSSL at security level 1, which takes keys of 80 bits of strength; Node 24 and 26 at level 2',
    lines: [20, 22],
    cases: [
      'webpki::forbidden-p192-root',
      'webpki::forbidden-weak-rsa-in-leaf',
      'webpki::forbidden-weak-rsa-key-in-root',
    ],
  },
];

/** Node agrees with the suite and we do not, because Node errs for a reason of its own. */
export const nodeByAccident: readonly Disagreement[] = [
  {
    why: 'Node takes no intermediate for an anchor, be it conforming or not',
    cases: ['rfc5280::aki::cross-signed-root-missing-aki'],
  },
  {
    why: 'Node 22.23 refuses each IPv6 address, even a right one (nodejs/node#64144)',
    lines: [22],
    cases: [
      'webpki::cn::ipv6-non-rfc5952-mismatch',
      'webpki::cn::ipv6-uncompressed-mismatch',
      'webpki::cn::ipv6-uppercase-mismatch',
    ],
  },
];

/** The cases of a table that stand on a Node line, in the order of the alphabet. */
export function casesOn(line: number, table: readonly Disagreement[]): string[] {
  return table
    .filter(({ lines }) => lines === undefined || lines.includes(line))
    .flatMap(({ cases }) => cases)
    .sort();
}
