/** Whose mailboxes they are, and how they are called: servers with and without a prefix for one's own. */
import { CommandError } from 'tls-context-core';
import { describe, expect, it } from 'vitest';
import { byOwnName, nameOf, namespacesOf, ownLevels, ownName } from '../src/own-mailboxes.js';

type Space = { prefix: string; delimiter: string | null };
type Server = Parameters<typeof ownName>[0];
const call = { signal: new AbortController().signal };

/** `names` are there. */
function server(
  personal: Space[],
  others: Space[],
  names: string[],
  shared: Space[] = [{ prefix: '', delimiter: '/' }],
): Server {
  const namespaces = { personal, otherUsers: others, shared };
  return {
    namespaces: async () => namespaces,
    list: ({ pattern }: { pattern: string }) =>
      names.filter((name) => name === pattern).map((name) => ({ name })),
  } as unknown as Server;
}
// Cyrus with altnamespace: no, and with the classic separator; Dovecot.
const cyrus = server(
  [{ prefix: 'INBOX/', delimiter: '/' }],
  [{ prefix: 'user/', delimiter: '/' }],
  ['news', 'INBOX/Sent'],
);
const classic = server([{ prefix: 'INBOX.', delimiter: '.' }], [], []);
const dovecot = server(
  [{ prefix: '', delimiter: '/' }],
  [{ prefix: 'shared/', delimiter: '/' }],
  [],
);
// Tells no namespace but the user's own.
const silent = server([{ prefix: 'INBOX.', delimiter: '.' }], [], [], []);
// Has no NAMESPACE, or is Exchange 2003, which offers it and leaves at it: the library refuses to ask.
const old: Server = {
  ...cyrus,
  namespaces: () =>
    Promise.reject(
      new CommandError('ERR_EXTENSION_REQUIRED', 'no NAMESPACE', { hint: '' } as never),
    ),
};

describe('a name as a person writes it', () => {
  it.each([
    [cyrus, 'inbox', 'inbox'],
    [cyrus, 'Sent', 'INBOX/Sent'],
    [cyrus, 'INBOX/Sent', 'INBOX/Sent'],
    [cyrus, 'INBOX', 'INBOX'],
    [cyrus, 'news', 'news'],
    [cyrus, 'user/bob', 'user/bob'],
    [classic, 'Sent', 'INBOX.Sent'],
    [classic, 'INBOX.Sent', 'INBOX.Sent'],
    [dovecot, 'Sent', 'Sent'],
    [old, 'Sent', 'Sent'],
  ])('%# %s is %s', async (imap, name, expected) => {
    expect(await ownName(imap, name as string, call)).toBe(expected);
  });

  it('is tried as it is, and once more with the prefix where it is refused', async () => {
    const refused = () =>
      new CommandError('ERR_COMMAND_REJECTED', 'no', {
        hint: '',
        reply: { text: 'no' } as never,
        connection: 'usable',
      } as never);
    const tried: string[] = [];
    const there = (name: string) => async (given: string) => {
      tried.push(given);
      if (given !== name) throw refused();
      return given;
    };
    expect(await byOwnName(cyrus, 'Sent', call, there('INBOX/Sent'))).toBe('INBOX/Sent');
    expect(await byOwnName(cyrus, 'Sent', call, there('Sent'))).toBe('Sent');
    await expect(byOwnName(dovecot, 'Sent', call, there(''))).rejects.toThrow('no');
    await expect(byOwnName(cyrus, 'a', call, there(''))).rejects.toThrow('no');
    expect(tried).toEqual(['Sent', 'INBOX/Sent', 'Sent', 'Sent', 'a', 'INBOX/a']);
    const other = new Error('lost');
    await expect(byOwnName(cyrus, 'a', call, () => Promise.reject(other))).rejects.toBe(other);
  });
});

describe('mailboxes of an account', () => {
  it.each([
    [cyrus, 'INBOX', ['INBOX']],
    [cyrus, 'INBOX/Sent', ['Sent']],
    [cyrus, 'INBOX/a/b', ['a', 'b']],
    [cyrus, 'INBOX/INBOX', ['INBOX', 'INBOX']],
    [cyrus, 'news', undefined],
    [cyrus, 'user/bob', undefined],
    [dovecot, 'INBOX/x', ['INBOX', 'x']],
    [dovecot, 'shared/bob', undefined],
    [dovecot, 'a/b', ['a', 'b']],
    [silent, 'INBOX.Sent', ['Sent'], '.'],
    [silent, 'Lists.a', ['Lists', 'a'], '.'],
    [old, 'user/bob', ['user', 'bob']],
  ])('%# %s is %j', async (imap, name, levels, delimiter = '/') => {
    const entry = { name: name as string, delimiter: delimiter as string };
    expect(ownLevels(entry, await namespacesOf(imap, call))).toEqual(levels);
  });

  it('are called the same again', async () => {
    const [at, on] = [await namespacesOf(cyrus, call), await namespacesOf(dovecot, call)];
    expect(nameOf(['INBOX'], '/', at)).toBe('INBOX');
    expect(nameOf(['Sent', 'x'], '/', at)).toBe('INBOX/Sent/x');
    expect(nameOf(['Sent', 'x'], '.', await namespacesOf(classic, call))).toBe('INBOX.Sent.x');
    expect(nameOf(['Sent'], '/', on)).toBe('Sent');
  });
});
