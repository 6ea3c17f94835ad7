import type { Duplex } from 'node:stream';
import type { ProtocolName } from './errors.js';

/** PEM text, or DER or PEM octets. */
export type CertificateInput = string | Uint8Array;

/** Whom to trust. Everything is optional and safe; an unknown key is a `UsageError` that names ours. */
export interface TlsContextOptions {
  /** Replaces the trusted roots. To add to them: `ca: [...systemRoots(), mine]`. */
  ca?: CertificateInput | readonly CertificateInput[];
  /** The client's certificate chain and private key, PEM. */
  cert?: CertificateInput;
  key?: CertificateInput;
  passphrase?: string;
  /** Client certificate and key as PKCS#12, instead of `cert` and `key`. */
  pfx?: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo, base64 (`sha256/…` allowed). One must match, beside chain and name. */
  pins?: readonly string[];
  /** `'pins'`: the pins replace the chain (a self-signed server). Name, validity and all else are still checked. */
  trust?: 'roots' | 'pins';
  /** Certificate revocation lists, PEM. With one given, a certificate whose issuer's list is absent is refused. */
  crl?: CertificateInput | readonly CertificateInput[];
  /** Default `'TLSv1.2'`. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's cipher list, for TLS 1.2 and 1.3. */
  ciphers?: string;
  /** `'none'` needs `checkHostname: false` spelled as well. Both show in `client.security`. */
  verifyMode?: 'required' | 'none';
  checkHostname?: boolean;
  /** `false`: no ALPN is offered and none is checked. */
  alpn?: boolean;
  /**
   * Hands out the secrets of each connection, a line of the NSS key log format at a time, with which a recording of it
   * can be read: for debugging only. `'environment'`: appends them to the file that `SSLKEYLOGFILE` names, if it names
   * one. Default: they stay secret, whatever that variable says.
   */
  keylog?: ((line: Uint8Array) => void) | 'environment';
  /** `false`: no SNI is sent (for servers that refuse a name they don't know). The name is checked all the same. */
  sni?: boolean;
}

/** Made by `createTlsContext`. To be shared: it holds the roots and the identity-bound sessions, but no name. */
export interface TlsContext {
  /** Where the trusted roots came from. */
  readonly trust: 'system' | 'bundled' | 'ca' | 'pins' | 'none';
  readonly verifyMode: 'required' | 'none';
  readonly checkHostname: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** A reference identity (RFC 6125, RFC 9525): who the peer must be. Made by `parseServerHostname`. */
export interface ServerHostname {
  readonly kind: 'dns' | 'ip';
  /** A-labels in lower case without a trailing dot; or the IP address in its canonical text. */
  readonly name: string;
  /** What goes out as SNI: the name, or nothing for an IP address. */
  readonly sni: string | undefined;
}

/** Sessions of one identity: bound to a context, a name, a protocol and a port. Opaque. */
export interface SessionScope {
  readonly protocol: ProtocolName;
  readonly serverHostname: string;
  readonly port: number | undefined;
  /** Forgets the session. A connection that is still open may bring a new one. */
  clear(): void;
}

export interface SecureOptions {
  context: TlsContext;
  serverHostname: string | ServerHostname;
  protocol: ProtocolName;
  port?: number;
  /**
   * The service's own identity, `_imaps.example.org` (RFC 4985): a certificate that holds it proves as much as one
   * that holds `serverHostname`.
   */
  srvId?: string;
  /**
   * DANE (RFC 6698, RFC 7671): records of this host and port, authenticated by DNSSEC, that take the place of the
   * trusted roots. One must match. Usages 2 and 3 only.
   */
  tlsa?: readonly TlsaRecord[];
  /**
   * `'starttls'` when plaintext went before on this stream: octets that are no TLS are then
   * `ERR_STARTTLS_INJECTION` and no hint speaks of STARTTLS. Default `'implicit-tls'`.
   */
  mode?: 'implicit-tls' | 'starttls';
  /** No scope: no resumption. */
  sessions?: SessionScope;
  /** `false` offers none; default by protocol and context. */
  alpn?: string | false;
  /** Watch for the peer's close_notify, so that `closedCleanly` can tell. It costs some CPU. */
  observeCloseNotify?: boolean;
  signal?: AbortSignal;
  /** For the whole handshake, in milliseconds. Default 10,000; 0 or `Infinity`: no limit. */
  timeout?: number;
  /** As in the context's options, for this connection alone. */
  keylog?: TlsContextOptions['keylog'];
  /** The host that was dialled, for error messages. */
  host?: string;
}

/** A TLSA record's data, RFC 6698 §2.1. */
export interface TlsaRecord {
  /** 2: DANE-TA, an issuer in the chain; 3: DANE-EE, the server's own key, whose name and dates then do not count. */
  usage: number;
  /** 0: the whole certificate; 1: its SubjectPublicKeyInfo. */
  selector: number;
  /** 0: the octets themselves; 1: their SHA-256; 2: their SHA-512. */
  matching: number;
  data: Uint8Array;
  /**
   * Usage 2: names that the server's certificate may have in place of `serverHostname`. For mail, the domain whose MX record named the
   * server, where DNSSEC proves that record (RFC 7672 §3.2.2).
   */
  names?: readonly string[];
}

/** What a handshake proved. `client.security` shows it. */
export interface TlsSecurity {
  /** True when chain (or pins, or TLSA records) and name were checked. */
  verified: boolean;
  serverHostname: string;
  /** The name in the certificate that matched; `undefined` where none was checked, as under DANE-EE. */
  matchedName: string | undefined;
  /** `'TLSv1.3'` or `'TLSv1.2'`. */
  protocol: string;
  /** OpenSSL's standard name of the cipher suite. */
  cipher: string;
  /**
   * The group of the key exchange: `'X25519'`, `'prime256v1'`, `'DHE 2048'`; one with `MLKEM` in its name is proof against
   * quantum computers. `undefined` for static RSA, and where this Node line does not tell (hybrid groups before 24). In a
   * session of TLS 1.2 that was resumed: the group of its beginning.
   */
  group: string | undefined;
  /** What the peer proved its key by: `'ecdsa'`, `'rsa'`, `'ed25519'`, `'ml-dsa-65'` …, or the OID of another kind. */
  peerSignature: string | undefined;
  alpn: string | undefined;
  resumed: boolean;
  /** What vouched for the certificate: the context's trust, or `'dane'`. */
  trust: TlsContext['trust'] | 'dane';
  /** SHA-256 of the peer's certificate (on a resumed session: of the one that was verified). */
  fingerprint256: string;
}

/** A verified TLS stream. */
export interface SecureStream extends Duplex {
  readonly security: TlsSecurity;
  /**
   * The peer's certificates, DER, leaf first, as it sent them: but for the leaf nothing of it is verified. On a resumed
   * session, those that it sent when the session began.
   */
  readonly peerCertificates: readonly Uint8Array[];
  /**
   * The certification path that was verified, DER: the leaf first, the trust anchor last. `undefined` where no path was
   * asked for: `trust: 'pins'`, `verifyMode: 'none'`, DANE-EE.
   */
  readonly verifiedPath: readonly Uint8Array[] | undefined;
  /** After `'end'`, with `observeCloseNotify`: whether the peer said close_notify. Otherwise `undefined`. */
  readonly closedCleanly: boolean | undefined;
  /**
   * Channel binding data (RFC 5929, RFC 9266), or `undefined` where this connection can't give that type:
   * `tls-exporter` needs TLS 1.3; `tls-server-end-point` needs the leaf.
   */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
}

export type ChannelBindingType = 'tls-exporter' | 'tls-unique' | 'tls-server-end-point';
