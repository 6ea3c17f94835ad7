import { describe, expect, it, vi } from 'vitest';
import { deliveries, parseDialogue, replayDialogue, startDialogueServer } from '../src/index.js';
import { Client } from './client.js';

const login = String.raw`
# a login, as IMAP clients do it
S: * OK [CAPABILITY IMAP4rev1] ready
C: {tag} LOGIN alice {password}
S: * 1 EXISTS
S: {tag} OK {password} it is, and {5} is a literal
C*: (?<noop>\S+) NOOP
S-raw: \x2a OK caf\xc3\xa9\r\n
S: {noop} OK
C: {tag} LOGOUT
CLOSE
`;

async function client({ port, host }: { port: number; host: string }): Promise<string[]> {
  const session = await Client.dial(port, host);
  const lines = [await session.line()];
  session.send('a LOGIN alice secret\r\n');
  lines.push(...(await session.until(/^a /)));
  session.send('b NOOP\r\n');
  lines.push(...(await session.until(/^b /)));
  session.send('c LOGOUT\r\n');
  await session.ended;
  return lines;
}

it('plays a dialogue under every cut, and a client sees the same', async () => {
  const results = await replayDialogue(login, client, { deliveries: deliveries(3) });
  expect(results).toHaveLength(5);
  for (const lines of results)
    expect(lines).toEqual([
      '* OK [CAPABILITY IMAP4rev1] ready',
      '* 1 EXISTS',
      'a OK secret it is, and {5} is a literal',
      '* OK caf\xc3\xa9',
      'b OK',
    ]);
});

describe('deliveries', () => {
  async function chunksUnder(delivery: 'whole' | 'octets' | { seed: number }) {
    const server = await startDialogueServer(`S: ${'x'.repeat(200)}\nS: second`, { delivery });
    const session = await Client.dial(server.port);
    await session.ended;
    await server.close();
    return session.chunks.map(({ length }) => length);
  }

  it('are whole, octet by octet, or cut by a seed', async () => {
    expect(await chunksUnder('whole')).toEqual([210]);
    expect((await chunksUnder('octets')).length).toBeGreaterThan(100);
    const seeded = await chunksUnder({ seed: 7 });
    expect(seeded.length).toBeGreaterThan(5);
    expect(seeded.length).toBeLessThan(100);
  });
});

it('starts TLS where the script says, at octet zero or later', async () => {
  const implicit = 'TLS\nS: 220 hello\nC: QUIT\n';
  const explicit = 'S: 220 plain\nC: STARTTLS\nS: 220 go\nTLS\nC: EHLO me\nS: 250 hello\nC: QUIT\n';
  await replayDialogue(implicit, async ({ port, ca }) => {
    const session = await Client.dialTls(port, { ca });
    expect(await session.line()).toBe('220 hello');
    session.send('QUIT\r\n');
    await session.ended;
  });
  await replayDialogue(explicit, async ({ port, ca }) => {
    const session = await Client.dial(port);
    expect(await session.line()).toBe('220 plain');
    expect(await session.ask('STARTTLS')).toBe('220 go');
    await session.startTls({ ca });
    expect(await session.ask('EHLO me')).toBe('250 hello');
    session.send('QUIT\r\n');
    await session.ended;
  });
});

describe('a mismatch', () => {
  it('names the line, what was expected and what came', async () => {
    const server = await startDialogueServer('S: 220 hello\n\nC: EHLO right\nS: 250 ok');
    const session = await Client.dial(server.port);
    await session.line();
    session.send('EHLO wrong\r\n');
    await session.ended;
    expect(await server.finished()).toEqual({
      complete: false,
      mismatches: [{ line: 3, expected: 'EHLO right', got: 'EHLO wrong' }],
      variables: {},
    });
    await server.close();
  });

  it.each([
    ['C: HELO', 'HELO', (session: Client) => session.socket.end(), 'the end of the connection'],
    ['C: HELO', 'HELO', () => {}, 'nothing for 50 ms'],
    ['C-raw: a\\r\\n', '"a\\r\\n"', (session: Client) => session.send('abc'), '"abc"'],
    ['C-end', 'the end of the connection', (session: Client) => session.send('x'), '"x"'],
    ['S: {a\nC: x{a', 'x{a', (session: Client) => session.send('y\r\n'), 'y'],
  ])('%s', async (dialogue, expected, act, got) => {
    const server = await startDialogueServer(dialogue, { timeout: 50 });
    const session = await Client.dial(server.port);
    act(session);
    const { mismatches } = await server.finished();
    expect(mismatches).toMatchObject([{ expected, got }]);
    session.close();
    await server.close();
  });

  it('fails a replay, with the delivery', async () => {
    const replay = replayDialogue('S: hello\nC: this', async ({ port }) => {
      const session = await Client.dial(port);
      await session.line();
      session.send('that\r\n');
      await session.ended;
    });
    await expect(replay).rejects.toThrow('Delivery "whole": line 2: expected this, got that');
  });

  it('fails a replay whose client never comes', async () => {
    await expect(replayDialogue('S: hello', async () => {}, { timeout: 50 })).rejects.toThrow(
      'never came',
    );
  });
});

it('waits, stalls, resets, and sees the client end', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  await replayDialogue(
    'WAIT 60\nS: x\nC-end',
    async ({ port }) => {
      const session = await Client.dial(port);
      await session.line();
      session.socket.end();
    },
    { deliveries: ['whole'] },
  );
  expect(timers.mock.calls.map(([, milliseconds]) => milliseconds)).toContain(60);
  timers.mockRestore();

  const reset = await startDialogueServer('S: x\nC: y\nRESET');
  const session = await Client.dial(reset.port);
  await session.line();
  session.send('y\r\n');
  expect(await session.ended).toBe('reset');
  await reset.close();

  const stalling = await startDialogueServer('S: x\nSTALL');
  const other = await Client.dial(stalling.port);
  await other.line();
  other.send('anything\r\n');
  other.socket.end();
  expect(await stalling.finished()).toMatchObject({ complete: true });
  await stalling.close();
});

it('refuses a text that is no dialogue, with the line', () => {
  expect(() => parseDialogue('S: ok\nX: what')).toThrow('Dialogue line 2: X: what');
});
