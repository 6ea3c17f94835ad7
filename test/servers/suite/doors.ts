// The ways in: one a protocol and security. Each is tried with the right name, a wrong one and an unknown authority.
import { describe, expect, test } from 'vitest';
import { authority, server, port as serverPort, users } from './servers.js';
import { type WireTap, wireTap } from './wire-tap.js';

export interface Door {
  readonly server: string;
  readonly port: string;
  readonly security: 'implicit-tls' | 'starttls';
}

export interface DoorOptions {
  host: string;
  port: number;
  security: 'implicit-tls' | 'starttls';
  serverHostname: string;
  tls: { ca: string };
  auth: { user: string; password: string };
}

/** What `connect` takes to come in by that door as that user, name and chain verified. */
export const options = (door: Door, user: keyof typeof users = 'alice'): DoorOptions => {
  const { host, serverHostname } = server(door.server);
  return {
    ...{ host, port: serverPort(door.server, door.port), security: door.security },
    ...{ serverHostname, tls: { ca: authority() }, auth: { ...users[user] } },
  };
};

/** The protocol versions, names and ciphers that a verified connection must show. */
export const verified = (door: Door): object => ({
  mode: door.security,
  verified: true,
  serverHostname: server(door.server).serverHostname,
  matchedName: server(door.server).serverHostname,
  trust: 'ca',
});

/** The same with a thing left out. */
type TriedOptions = Omit<DoorOptions, 'serverHostname' | 'tls'> &
  Partial<Pick<DoorOptions, 'serverHostname' | 'tls'>>;

interface Refusal {
  readonly title: string;
  readonly code: string;
  readonly change: (options: DoorOptions) => TriedOptions;
}

const refusals: readonly Refusal[] = [
  {
    title: 'a name that is not in the certificate',
    code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    change: (options) => ({ ...options, serverHostname: 'wrong.example.test' }),
  },
  {
    title: 'the address that it dials, when the certificate has only names',
    code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    change: ({ serverHostname: _, ...options }) => options,
  },
  {
    title: 'an authority that it was not told to trust',
    code: 'ERR_CERTIFICATE_UNTRUSTED',
    change: ({ tls: _, ...options }) => options,
  },
];

/** Tests that `connect` refuses by each door, and that no credential left. */
export const refuses = (
  doors: readonly Door[],
  connect: (options: TriedOptions) => Promise<{ close(): unknown }>,
): void => {
  describe.each(doors)('by $server’s $port ($security) refuses', (door) => {
    test.each(refusals)('$title', async ({ code, change }) => {
      const right = options(door);
      const tap = await wireTap(right.host, right.port);
      try {
        const error: unknown = await connect(change({ ...right, port: tap.port })).then(
          (client) => client.close(),
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({
          code,
          connection: 'closed',
          hint: expect.stringMatching(/./),
        });
        await tap.clientClosed;
        expectNoCredential(tap, door);
      } finally {
        tap.close();
      }
    });
  });
};

const handshake = 22;
const applicationData = 23;
/** TLS 1.3's Finished with SHA-256 or SHA-384: verify_data, handshake header, content type, tag. */
const finished = [53, 69];
/** TLS 1.3's alert: two octets, content type, tag. A command of no more octets than an alert does not exist. */
const alert = 19;

/** Fails if the client said anything but its protocol's STARTTLS dialogue and a handshake. */
export const expectNoCredential = (tap: WireTap, door: Door): void => {
  if (door.security === 'implicit-tls') expect(tap.clear()).toBe('');
  for (const { user, password } of Object.values(users)) {
    for (const word of [user, password]) expect(tap.clear()).not.toContain(word);
  }
  expect(tap.clear()).not.toMatch(/auth (?!tls)|authenticate|login|user|pass|mail|authinfo/i);
  const records = tap.records();
  expect(records[0]?.type).toBe(handshake);
  // Up to TLS 1.2 no application data may be there; in 1.3 Finished travels as such, and an alert may.
  const hidden = records.filter(({ type, octets }) => type === applicationData && octets !== alert);
  expect(hidden.length).toBeLessThanOrEqual(1);
  for (const { octets } of hidden) expect(finished).toContain(octets);
};
