/**
 * A deadline counts the peer's silence: time in which our own event loop was blocked never makes `ERR_TIMEOUT`, and a
 * peer that is silent while we are awake does. For all five clients, by a clock that goes when the test says so.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ManualClock,
  manualClock,
} from '../../packages/tls-context-core/test/manual-clock.js';
import { scripted, servers } from './servers.js';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});
afterEach(() => clock.restore());

const whole = (text: string): string[] => [text];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const code = (error: { code: string }): string => error.code;

describe.each(Object.entries(servers))('%s', (_name, server) => {
  it('survives synchronous work longer than the deadline, again and again', async () => {
    const stream = scripted(server, whole);
    const client = await server.connect(stream, { reply: 800 });
    for (let call = 0; call < 5; call++) {
      const reply = client.ask().catch(code);
      await turn();
      clock.block(1_000);
      expect(await reply).not.toBe('ERR_TIMEOUT');
    }
    client.close();
    await turn();
    expect(clock.pending).toBe(0);
  });

  it('survives work that is longer than the deadline while the server takes its time', async () => {
    let answer = server.answer;
    const client = await server.connect(
      scripted({ ...server, answer: (line) => answer(line) }, whole),
      {
        reply: 800,
      },
    );
    answer = () => '';
    const outcome = client.ask().catch(code);
    for (let i = 0; i < 2; i++) {
      await turn();
      clock.block(1_000);
      clock.pass(700);
    }
    expect(await Promise.race([outcome, turn()])).toBeUndefined();
    clock.pass(110);
    expect(await outcome).toBe('ERR_TIMEOUT');
    await turn();
    expect(clock.pending).toBe(0);
  });
});
