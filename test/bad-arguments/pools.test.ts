/** What a client refuses, its pool refuses before it makes a connection. */
import { createImapPool, type ImapPool } from '@fivewire/imap';
import { describe, expect, it } from 'vitest';
import { imapTable } from './imap.js';
import { faultsOf, type Table } from './table.js';

interface Kind<P> {
  name: string;
  table: Table<P>;
  /** Methods that only one session can have. */
  bound: readonly string[];
  make(dial: () => Promise<never>): P & { close(): Promise<void> };
}

function describePool<P>({ name, table, bound, make }: Kind<P>): void {
  describe(name, () => {
    for (const [method, row] of Object.entries(table)) {
      if (bound.includes(method)) continue;
      it(`${method} refuses bad values and dials nobody`, async () => {
        let dialled = 0;
        const pool = make(() => {
          dialled++;
          return Promise.reject(new Error('nothing there'));
        });
        const faults: string[] = [];
        for (const [argument, given] of Object.entries(row.arguments)) {
          for (const [value, bad] of Object.entries(given.bad)) {
            for (const fault of await faultsOf(pool, row, given, bad))
              faults.push(`${argument} = ${value}: ${fault}`);
          }
        }
        await pool.close();
        expect(faults).toEqual([]);
        expect(dialled).toBe(0);
      });
    }
  });
}

describePool<ImapPool>({
  name: 'ImapPool',
  table: imapTable as unknown as Table<ImapPool>,
  bound: ['authenticate', 'unauthenticate', 'quit'],
  make: (dial) => createImapPool({ host: 'imap.example.test', outageTimeout: 0, dial }),
});
