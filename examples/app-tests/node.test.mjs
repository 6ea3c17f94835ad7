// A password reset, tested from the app's SMTP to the user's IMAP: node --test node.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapClient } from '@fivewire/imap';
import { useTestServers } from '@fivewire/test-servers/node-test';
import { requestReset } from './app.mjs';

const fixture = useTestServers();

test('who forgot a password gets a link by mail', async () => {
  const { servers, user } = fixture;
  const link = await requestReset(user.address, servers.connectOptions('smtp'));
  const mail = await servers.mail.waitFor({ to: user.address, subject: 'Reset' });
  assert.deepEqual(mail.links, [link]);

  const imap = await ImapClient.connect({ ...servers.connectOptions('imap'), auth: user.auth });
  assert.equal((await imap.status('INBOX', ['messages'])).messages, 1);
  await imap.quit();
});
