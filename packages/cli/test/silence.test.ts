/** What is left out, or may be, is said. The same through a server: `test/cli/kinds`. */
import type { FtpClient } from '@fivewire/ftp';
import type { Mailbox } from '@fivewire/imap';
import { expect, it } from 'vitest';
import type { Context } from '../src/context.js';
import { refuseVoid } from '../src/imap-command.js';
import { fitting } from '../src/protocols/ftp.js';
import type { Target } from '../src/target.js';

it.each([
  ['*.txt', ['a.txt'], 1],
  ['*.gz', [], 1],
])('a row that cannot be read may be one that fits %s', async (path, names, problems) => {
  const warned: string[] = [];
  const ftp = {
    async *list(_: string, { onProblem }: { onProblem(problem: object): void }) {
      onProblem({ directory: '.', reason: 'no row', text: 'something else' });
      yield { name: 'a.txt', path: 'a.txt', type: 'file' };
    },
  } as unknown as FtpClient;
  const context = { out: { warn: (text: string) => warned.push(text) } } as unknown as Context;
  const { found, problems: counted } = await fitting(ftp, { path } as Target, context);
  expect(found.map(({ name }) => name)).toEqual(names);
  expect(counted).toBe(problems);
  expect(warned).toEqual(['.: no row: something else']);
});

it('UIDs of an earlier UIDVALIDITY are void: 66', () => {
  const mailbox = { name: 'INBOX', uidValidity: 7 } as Mailbox;
  expect(() => refuseVoid(mailbox, 6)).toThrow(expect.objectContaining({ exit: 66 }));
  for (const told of [undefined, 7]) expect(refuseVoid(mailbox, told)).toBe(undefined);
});
