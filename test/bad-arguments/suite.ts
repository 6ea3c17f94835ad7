/** Runs a table: every method of a class has its rows, and no bad value sends an octet or costs the connection. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf, methodsOf, type Table } from './table.js';

export interface Subject<C> {
  open(): Promise<C>;
  /** Talks once, harmlessly. */
  talk(client: C): Promise<unknown>;
  /** What the server has heard so far, line by line, on this connection. */
  heard(): readonly string[];
  close(client: C): Promise<unknown>;
}

export interface Suite<C> {
  name: string;
  table: Table<C>;
  /** Internal or without arguments, with the reason. */
  exempt?: Readonly<Record<string, string>>;
  start(): Promise<Subject<C>>;
  stop(): Promise<void>;
}

export function describeBadArguments<C>({ name, table, exempt = {}, start, stop }: Suite<C>): void {
  describe(name, () => {
    let subject: Subject<C>;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(stop);

    it('has every public method in its table', async () => {
      const client = await subject.open();
      const listed = [...Object.keys(table), ...Object.keys(exempt)].sort();
      expect(listed).toEqual(methodsOf(client as object));
      await subject.close(client);
    });

    for (const [method, row] of Object.entries(table)) {
      const rows = Object.entries(row.arguments);
      it(`${method} refuses ${rows.reduce((n, [, { bad }]) => n + Object.keys(bad).length, 0)} bad values`, async () => {
        const client = await subject.open();
        try {
          const heard = subject.heard().length;
          const faults: string[] = [];
          for (const [argument, given] of rows) {
            for (const [value, bad] of Object.entries(given.bad)) {
              for (const fault of await faultsOf(client, row, given, bad)) {
                faults.push(`${argument} = ${value}: ${fault}`);
              }
            }
          }
          expect(faults).toEqual([]);
          await subject.talk(client);
          expect(subject.heard().slice(heard)).toHaveLength(1);
        } finally {
          await subject.close(client);
        }
      });
    }
  });
}
