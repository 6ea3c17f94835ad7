/** A pool commits nothing that a loan has not committed itself. */
import { startTestServers } from '@fivewire/test-servers';
import { expect, it } from 'vitest';
import { createPop3Pool } from '../src/index.js';

it('lends one session after the other, and takes the marks of a loan off at its end', async () => {
  const servers = await startTestServers({ protocols: ['pop3'], users: { alice: 'secret' } });
  const inbox = servers.mail.inbox('alice');
  servers.mail.deliver('alice', 'Subject: 1\r\n\r\nx\r\n');
  const pool = createPop3Pool({
    host: servers.host,
    port: servers.ports.pop3['implicit-tls'],
    serverHostname: 'localhost',
    tls: { ca: servers.ca.certificate },
    auth: { user: 'alice', password: 'secret' },
  });
  try {
    const sizes = await Promise.all(
      [1, 2, 3].map(() => pool.use(async (pop) => (await pop.stat()).count)),
    );
    expect(sizes).toEqual([1, 1, 1]);
    expect(servers.pop3.connections).toHaveLength(1);

    await pool.use((pop) => pop.delete(1));
    expect(await pool.use(async (pop) => pop.marked)).toEqual([]);
    await expect(
      pool.use(async (pop) => {
        await pop.delete(1);
        throw new Error('after all not');
      }),
    ).rejects.toThrow('after all not');
    expect(inbox.messages).toHaveLength(1);

    await pool.use(async (pop) => {
      await pop.delete(1);
      expect(await pop.quit()).toEqual({ committed: true });
    });
    expect(inbox.messages).toHaveLength(0);
    expect(await pool.use(async (pop) => (await pop.stat()).count)).toBe(0);
    expect(servers.pop3.connections).toHaveLength(2);
  } finally {
    await pool.close();
    await servers.close();
  }
  expect(servers.pop3.connections.flatMap(({ lines }) => lines)).toContain('RSET');
});

it('takes no stream and no signal', () => {
  for (const extra of [{ stream: {} }, { signal: new AbortController().signal }]) {
    expect(() => createPop3Pool({ host: 'h', ...extra } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  }
});
