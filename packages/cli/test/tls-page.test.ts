/** Which groups of the key exchange stand against a quantum computer, by the names that Node gives them. */
import { expect, it } from 'vitest';
import { isPostQuantum } from '../src/commands/tls.js';

it.each([
  ['X25519MLKEM768', true],
  ['SecP256r1MLKEM768', true],
  ['SecP384r1MLKEM1024', true],
  ['x25519_kyber768', true],
  ['X25519', false],
  ['prime256v1', false],
  ['secp384r1', false],
  ['DHE 2048', false],
])('%s: %s', (name, expected) => {
  expect(isPostQuantum(name)).toBe(expected);
});
