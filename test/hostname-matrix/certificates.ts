/** The certificates of the matrix: made when a row first asks for one, kept for all rows of the file. RFC 5280. */
import {
  createThrowawayCa,
  type IssuedCertificate,
  type IssueOptions,
  type ThrowawayCa,
} from '@fivewire/test-servers';

/** What a server presents. `revoked`: it is on its authority's revocation list. */
export interface Shape extends IssueOptions {
  revoked?: true;
  /** It comes from an authority that nobody trusts. */
  stranger?: true;
  /** Two shapes that differ only in this are two certificates, with keys of their own. */
  copy?: number;
}

export interface Certificates {
  /** The authority that the clients trust, unless a row says otherwise. */
  readonly authority: ThrowawayCa;
  /** An authority that nobody trusts. */
  readonly stranger: ThrowawayCa;
  issue(shape: Shape): Promise<IssuedCertificate>;
}

export async function createCertificates(): Promise<Certificates> {
  const authority = await createThrowawayCa({ commonName: 'Matrix authority' });
  const stranger = await createThrowawayCa({ commonName: 'Stranger' });
  const issued = new Map<string, Promise<IssuedCertificate>>();

  const make = async (shape: Shape): Promise<IssuedCertificate> => {
    const { revoked, stranger: byStranger, copy: _, ...options } = shape;
    const certificate = await (byStranger ? stranger : authority).issue(options);
    if (revoked) authority.revoke(certificate);
    return certificate;
  };
  return {
    authority,
    stranger,
    issue(shape) {
      const key = JSON.stringify(shape);
      const known = issued.get(key) ?? make(shape);
      issued.set(key, known);
      return known;
    },
  };
}
