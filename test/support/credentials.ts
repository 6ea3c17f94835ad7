/** Who logs in, and how to see that it left this machine. */

export const user = 'wilhelmina';
export const password = 'open-sesame-71';

const secrets = [user, password];

/** What of the credentials can be found: as they are, or inside of base64 as SASL sends them (RFC 4648, RFC 5802). */
export function exposed(octets: Buffer | string): string[] {
  const text = octets.toString('latin1');
  const decoded = [...text.matchAll(/[A-Za-z0-9+/]{8,}={0,2}/g)].map(([token]) =>
    Buffer.from(token, 'base64').toString('latin1'),
  );
  return secrets.filter((secret) => [text, ...decoded].some((where) => where.includes(secret)));
}
