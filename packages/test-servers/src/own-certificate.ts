/** What a server presents that was given no certificate. All of a process share it: to make one takes longer than to start a server. */
import { createThrowawayCa, type IssuedCertificate } from './throwaway-ca.js';

export interface OwnCertificate {
  /** For `localhost`, `127.0.0.1` and `::1`. */
  certificate: IssuedCertificate;
  /** The certificate of the authority behind it, PEM. */
  ca: string;
}

let own: Promise<OwnCertificate> | undefined;

export function ownCertificate(): Promise<OwnCertificate> {
  own ??= create();
  return own;
}

async function create(): Promise<OwnCertificate> {
  const ca = await createThrowawayCa();
  return { certificate: await ca.issue(), ca: ca.certificate };
}
