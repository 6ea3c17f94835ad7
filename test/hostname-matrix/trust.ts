/** Whom the client trusts in a row, by name: what it gives as `tls`. */
import type { IssuedCertificate } from '@fivewire/test-servers';
import type { TlsContextOptions } from 'tls-context-core';
import type { Certificates } from './certificates.js';

type Recipe = (
  certificates: Certificates,
  /** What the server presents. */
  presented: IssuedCertificate,
) => TlsContextOptions | undefined | Promise<TlsContextOptions | undefined>;

const ca = ({ authority }: Certificates) => ({ ca: authority.certificate });
const wrongPin = `sha256/${Buffer.alloc(32, 7).toString('base64')}`;

export const trusts = {
  authority: ca,
  /** `tls` is not given at all: the system's roots, which do not know our authority. */
  system: () => undefined,
  stranger: ({ stranger }) => ({ ca: stranger.certificate }),
  'the certificate itself': (_, { certificate }) => ({ ca: certificate }),
  'TLS 1.2 only': (all) => ({ ...ca(all), maxVersion: 'TLSv1.2' }),
  'TLS 1.3 only': (all) => ({ ...ca(all), minVersion: 'TLSv1.3' }),
  'without SNI': (all) => ({ ...ca(all), sni: false }),
  'a pin beside the authority': (all, { pin }) => ({ ...ca(all), pins: [`sha256/${pin}`] }),
  'a wrong pin beside the authority': (all) => ({ ...ca(all), pins: [wrongPin] }),
  'a pin alone': (_, { pin }) => ({ trust: 'pins', pins: [wrongPin, pin] }),
  'a wrong pin alone': () => ({ trust: 'pins', pins: [wrongPin] }),
  'a revocation list': async (all) => ({ ...ca(all), crl: await all.authority.crl() }),
  "a stranger's revocation list": async (all) => ({ ...ca(all), crl: await all.stranger.crl() }),
  'no name check': (all) => ({ ...ca(all), checkHostname: false }),
  'no check at all': () => ({ verifyMode: 'none', checkHostname: false }),
} satisfies Record<string, Recipe>;

export type Trust = keyof typeof trusts;

export const tlsOptions = (
  trust: Trust,
  certificates: Certificates,
  presented: IssuedCertificate,
): ReturnType<Recipe> => (trusts[trust] as Recipe)(certificates, presented);
