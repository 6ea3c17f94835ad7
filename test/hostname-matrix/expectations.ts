/** What the matrix expects of a refusal: of the error, of the wire, of the time it takes. */
import type { FivewireError, ProtocolName } from 'tls-context-core';
import { expect } from 'vitest';
import { exposed } from '../support/credentials.js';
import { within } from '../support/promises.js';
import { type Reading, read, type Wire } from '../support/wire-tap.js';
import type { Refused } from './rows.js';

/** Within which a refused client's socket must be seen closed by the other side, in milliseconds. */
export const promptly = 20_000;

export function expectRefusal(
  error: FivewireError,
  verdict: Refused,
  protocol: ProtocolName,
): void {
  expect(error).toMatchObject({
    name: 'TlsError',
    code: verdict.code,
    protocol,
    connection: 'closed',
    retry: 'never',
  });
  expect(error.hint).toMatch(verdict.hint ?? /\w+ \w+/);
  expect(exposed(`${error.message} ${error.hint} ${JSON.stringify(error)}`)).toEqual([]);
}

/** The client closed its socket, promptly, and before the server did. */
export async function expectLeft(wire: Wire): Promise<void> {
  await within(promptly, wire.closed());
  expect(wire.leftFirst).toBe('client');
}

/** On the wire there were lines in clear and a handshake; not one record behind it. */
export function expectHandshakeOnly(wire: Wire): Reading {
  const reading = read(wire.sent());
  expect(reading.rest).toBe(0);
  for (const { type, length } of reading.records) {
    expect({ type, length }).toSatisfy(() => {
      const lengths = handshakeLengths[type];
      return lengths === 'any' || (lengths?.includes(length) ?? false);
    });
  }
  expect(exposed(wire.sent())).toEqual([]);
  return reading;
}

/**
 * How long a client's TLS records may be in a handshake, by type. Application data (23) in TLS 1.3 hides Finished, of
 * 53 or 69 octets by the hash of the cipher suite, and an alert of 19, which no command fits exactly by chance.
 */
const handshakeLengths: Record<number, number[] | 'any'> = {
  20: [1],
  21: 'any',
  22: 'any',
  23: [53, 69, 19],
};

export function last<T>(list: readonly T[]): T {
  const found = list.at(-1);
  if (found === undefined) throw new Error('nobody came to the server');
  return found;
}
