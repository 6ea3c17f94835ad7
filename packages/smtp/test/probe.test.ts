/** A dry run: MAIL, RCPT, and back. */
import { expect, test } from 'vitest';
import { closing, connectTo, dialogue, failure, opening, play } from './dialogue.js';

const from = 'alice@example.org';
const to = ['bob@example.net', 'nobody@example.net'];

dialogue(
  'with PIPELINING: each recipient’s reply, RSET, and no DATA',
  `${opening('PIPELINING')}
  C: MAIL FROM:<alice@example.org>
  C: RCPT TO:<bob@example.net>
  C: RCPT TO:<nobody@example.net>
  S: 250 2.1.0 Sender ok
  S: 250 2.1.5 Recipient ok
  S: 550 5.1.1 No such user
  C: RSET
  S: 250 2.0.0 Ok
  ${closing}`,
  async (client) => {
    const { accepted, refused } = await client.probe({ from, to });
    expect(accepted.map(({ address }) => address)).toEqual(['bob@example.net']);
    expect(refused).toMatchObject([
      { address: 'nobody@example.net', transient: false, reply: { code: 550, enhanced: '5.1.1' } },
    ]);
  },
);

dialogue(
  'all refused is a result as well',
  `${opening()}
  C: MAIL FROM:<alice@example.org>
  S: 250 2.1.0 Sender ok
  C: RCPT TO:<nobody@example.net>
  S: 450 4.2.1 Later
  C: RSET
  S: 250 2.0.0 Ok
  ${closing}`,
  async (client) => {
    const { accepted, refused } = await client.probe({ from, to: 'nobody@example.net' });
    expect(accepted).toEqual([]);
    expect(refused).toMatchObject([{ transient: true }]);
  },
);

dialogue(
  'a refused sender is an error, and the connection goes on',
  `${opening()}
  C: MAIL FROM:<alice@example.org>
  S: 550 5.7.1 Not you
  C: NOOP
  S: 250 2.0.0 Ok
  ${closing}`,
  async (client) => {
    expect(await failure(client.probe({ from, to }))).toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
    });
    await client.noop();
  },
);

test('a reply too many is not taken for the verdict on the first recipient', async () => {
  const peer = play(`${opening()}
    C: MAIL FROM:<alice@example.org>
    S: 250 ok
    S: 250 ok`);
  const client = await connectTo(peer);
  const to = ['bob@example.net', 'carol@example.net'];
  expect(await failure(client.probe({ from: 'alice@example.org', to }))).toMatchObject({
    code: 'ERR_MALFORMED_RESPONSE',
    connection: 'closed',
  });
  expect(peer.received).not.toContain('RCPT');
});
