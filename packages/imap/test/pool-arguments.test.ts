/** What the client would refuse is refused by its pool before a connection is made. */
import { expect, it } from 'vitest';
import { createImapPool, type ImapPool } from '../src/index.js';
import { inClear } from './support/script.js';

const oops = { oops: 1 } as object;

it.each<[string, (pool: ImapPool) => Promise<unknown>]>([
  ['open, the name', (pool) => pool.open('a\r\nb')],
  ['status, the name', (pool) => pool.status(7 as never, ['messages'])],
  ['status, the options', (pool) => pool.status('x', ['messages'], oops)],
  ['create, the name', (pool) => pool.create('a\0b')],
  ['create, the options', (pool) => pool.create('x', oops)],
  ['rename, the first name', (pool) => pool.rename('a\nb', 'y')],
  ['rename, the second name', (pool) => pool.rename('x', 'a\nb')],
  ['delete', (pool) => pool.delete('a\nb')],
  ['append, the name', (pool) => pool.append('a\nb', 'hi')],
  ['append, the options', (pool) => pool.append('x', 'hi', { flag: ['\\Seen'] } as never)],
  ['appendMany, the name', (pool) => pool.appendMany('a\nb', [{ body: 'hi' }])],
  ['setQuota, the options', (pool) => pool.setQuota('', { STORAGE: 1 }, oops)],
  ['setMetadata, the name', (pool) => pool.setMetadata('a\nb', { '/private/comment': 'x' })],
  ['setRights, the options', (pool) => pool.setRights('x', 'bob', 'lr', { timeout: -1 })],
  ['find', (pool) => pool.find({ specialUse: '\\Sent', ...oops })],
  ['noop', (pool) => pool.noop(oops)],
])('%s', async (_name, act) => {
  let dialled = 0;
  const pool = createImapPool({
    ...inClear,
    host: 'imap.example.test',
    dial: () => {
      dialled++;
      return Promise.reject(new Error('nothing there'));
    },
  });
  try {
    await expect(act(pool)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(dialled).toBe(0);
  } finally {
    await pool.close();
  }
});

const state = { uidValidity: 1, uids: '1:3', flags: { '\\Seen': '2' } };

it.each<[string, (pool: ImapPool) => Promise<unknown>]>([
  ['sync with items', (pool) => pool.sync('INBOX', undefined, { size: true }).toArray()],
  ['sync with a state', (pool) => pool.sync('INBOX', state).toArray()],
  ['status', (pool) => pool.status('INBOX', ['messages'])],
  ['setQuota', (pool) => pool.setQuota('', { STORAGE: 1 })],
  ['metadata of the server', (pool) => pool.metadata('', ['/private/comment'])],
  ['setMetadata', (pool) => pool.setMetadata('INBOX', { '/private/comment': 'x' })],
  ['find', (pool) => pool.find({ specialUse: '\\Sent' })],
  ['quota', (pool) => pool.quota()],
])('%s is right, and a connection is made for it', async (_name, act) => {
  const pool = createImapPool({
    ...inClear,
    host: 'imap.example.test',
    outageTimeout: 0,
    dial: () => Promise.reject(new Error('nothing there')),
  });
  try {
    await expect(act(pool)).rejects.toMatchObject({ code: 'ERR_DIAL_FAILED' });
  } finally {
    await pool.close();
  }
});
