import { expect, it } from 'vitest';
import type { Client, Subject } from '../subject.js';

/** What every client's package exports as values, so that users install and import one package. */
const shared: readonly string[] = [
  'AbortError',
  'AuthenticationError',
  'CommandError',
  'ConnectionError',
  'FivewireError',
  'LocalError',
  'RemoteProtocolError',
  'Rows',
  'SaslError',
  'StartTlsError',
  'TimeoutError',
  'TlsError',
  'TransferError',
  'UsageError',
  'createTlsContext',
  'describeCertificate',
  'discover',
  'isFivewireError',
  'reloadableTlsContext',
  'systemRoots',
];

export function describeExports<C extends Client>({ module, Client }: Subject<C>): void {
  it.each(shared)('exports %s as a value', (name) => {
    expect(typeof module[name]).toBe('function');
  });

  it('exports its client under its own name', () => {
    expect(module[(Client as unknown as { name: string }).name]).toBe(Client);
  });
}
