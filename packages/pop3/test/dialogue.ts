/** Dialogues in clear, replayed whole, octet by octet and cut at random: each time the same result. */
import { replayDialogue } from '@fivewire/test-servers';
import { expect } from 'vitest';
import { Pop3Client, type Pop3Options } from '../src/index.js';

export const auth = { user: 'alice', password: 'secret' };

/** A session in clear that is logged in: `caps` are what CAPA says, before and after. */
export function loggedIn(dialogue: string, caps: string[] = ['USER', 'PIPELINING', 'UIDL', 'TOP']) {
  const capa = ['C: CAPA', 'S: +OK', ...caps.map((cap) => `S: ${cap}`), 'S: .'].join('\n');
  return `S: +OK ready\n${capa}\nC: USER alice\nS: +OK\nC: PASS secret\nS: +OK\n${capa}\n${dialogue}`;
}

export async function play<T>(
  dialogue: string,
  client: (pop: Pop3Client) => Promise<T>,
  options: Partial<Pop3Options> = {},
): Promise<T> {
  const results = await replayDialogue(dialogue, async ({ host, port }) => {
    const pop = await Pop3Client.connect({
      host,
      port,
      security: 'cleartext',
      allowCleartextAuth: true,
      auth,
      ...options,
    } as Pop3Options);
    try {
      return await client(pop);
    } finally {
      pop.close();
    }
  });
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0] as T;
}

/** What a connection attempt comes to, with the error as plain data. */
export async function connectError(
  dialogue: string,
  options: Partial<Pop3Options> = {},
): Promise<Record<string, unknown>> {
  const results = await replayDialogue(dialogue, async ({ host, port, ca }) => {
    try {
      const pop = await Pop3Client.connect({
        host,
        port,
        security: 'cleartext',
        allowCleartextAuth: true,
        auth,
        timeouts: { reply: 2_000, greeting: 2_000 },
        ...options,
        ...(options.security === 'starttls' ? { tls: { ca }, serverHostname: 'localhost' } : {}),
      } as Pop3Options);
      pop.close();
      return { code: 'connected' };
    } catch (error) {
      const {
        code,
        connection,
        reply,
        transient,
        mechanism,
        phase,
        reason,
        retry,
        retryAfter,
        hint,
      } = error as Record<string, unknown>;
      return {
        code,
        connection,
        reply,
        transient,
        mechanism,
        phase,
        reason,
        retry,
        retryAfter,
        hint,
      };
    }
  });
  for (const { code } of results) expect(code).toEqual(results[0]?.code);
  return results[0] as Record<string, unknown>;
}

export const failure = async (promise: Promise<unknown>): Promise<Record<string, unknown>> =>
  promise.then(
    () => ({ code: 'no error' }),
    (error: Record<string, unknown>) => error,
  );
