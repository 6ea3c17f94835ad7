// The same with jest, which needs its ES modules: node --experimental-vm-modules node_modules/jest/bin/jest.js
import { useTestServers } from '@fivewire/test-servers/jest';
import { requestReset } from './app.mjs';

const fixture = useTestServers({ shared: false });

test('who forgot a password gets a link by mail', async () => {
  const { servers, user } = fixture;
  const link = await requestReset(user.address, servers.connectOptions('smtp'));
  const mail = await servers.mail.waitFor({ to: user.address, subject: /^Reset/ });
  expect(mail.links).toEqual([link]);
});
