// The same with vitest's fixtures; these tests run at once, each with a user of its own: npx vitest run
import { testWithServers } from '@fivewire/test-servers/vitest';
import { describe } from 'vitest';
import { requestReset } from './app.mjs';

const test = testWithServers();

describe.concurrent('who forgot a password gets a link by mail', () => {
  for (const name of ['first', 'second', 'third'])
    test(`the ${name} time`, async ({ servers, user, expect }) => {
      const link = await requestReset(user.address, servers.connectOptions('smtp'));
      await servers.mail.waitFor({ to: user.address, subject: 'Reset' });
      const all = await servers.mail.messages({ to: user.address });
      expect(all.map(({ links }) => links)).toEqual([[link]]);
    });
});

const alone = testWithServers({ shared: false, newcomerPassword: 'welcome' });

alone('servers of its own know whoever gets mail', async ({ servers, expect }) => {
  await requestReset('zoe@example.org', servers.connectOptions('smtp'));
  expect(await servers.mail.waitFor({ to: 'zoe@example.org' })).toMatchObject({
    user: 'zoe@example.org',
  });
});
