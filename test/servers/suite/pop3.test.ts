// POP3 against Dovecot. The mail comes there by LMTP.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Pop3Client } from '@fivewire/pop3';
import { beforeEach, describe, expect, test } from 'vitest';
import { deliver, emptyInbox } from './deliver.js';
import { type Door, options, refuses, verified } from './doors.js';

const doors: Door[] = [
  { server: 'dovecot', port: 'pop3s', security: 'implicit-tls' },
  { server: 'dovecot', port: 'pop3', security: 'starttls' },
];

describe.each(doors)('POP3 by $security', (door) => {
  beforeEach(() => emptyInbox('bob'));

  test('stat, list, uidl, top, retrieve, delete, quit', async () => {
    const subjects = [`one ${randomUUID()}`, `two ${randomUUID()}`];
    for (const subject of subjects)
      await deliver('bob', subject, 'First.\r\n.dotted\r\n..twice\r\n');
    const pop = await Pop3Client.connect(options(door, 'bob'));
    expect(pop.security).toMatchObject(verified(door));
    expect(await pop.stat()).toMatchObject({ count: 2 });
    const sizes = await pop.list().toArray();
    expect(sizes).toMatchObject([
      { ok: true, number: 1, octets: expect.any(Number) },
      { ok: true, number: 2, octets: expect.any(Number) },
    ]);
    const uids = (await pop.uidl().toArray()).map((row) => (row.ok ? row.uid : row.problem));
    expect(new Set(uids).size).toBe(2);
    const top = await text(pop.top(1, 0));
    expect(top).toContain(`Subject: ${subjects[0]}`);
    expect(top).not.toContain('First.');
    const whole = await text(pop.retrieve(2));
    expect(whole).toContain(`Subject: ${subjects[1]}`);
    expect(whole).toContain('First.\r\n.dotted\r\n..twice\r\n');
    await pop.delete([1]);
    expect(await pop.quit()).toMatchObject({ committed: true });

    const again = await Pop3Client.connect(options(door, 'bob'));
    try {
      expect(await again.stat()).toMatchObject({ count: 1 });
    } finally {
      await again.quit();
    }
  });

  test('disposal without quit commits no deletion', async () => {
    await deliver('bob', 'stays', 'x\r\n');
    const pop = await Pop3Client.connect(options(door, 'bob'));
    await pop.delete([1]);
    await pop[Symbol.asyncDispose]();
    const again = await Pop3Client.connect(options(door, 'bob'));
    try {
      expect(await again.stat()).toMatchObject({ count: 1 });
    } finally {
      await again.quit();
    }
  });

  test('a wrong password is an AuthenticationError', async () => {
    const wrong = { ...options(door, 'bob'), auth: { user: 'bob', password: 'wrong' } };
    await expect(Pop3Client.connect(wrong)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
    });
  });
});

refuses(doors, (options) => Pop3Client.connect(options));
