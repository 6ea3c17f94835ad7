/** Dialogues in clear, replayed whole, octet by octet and cut at random: each time the same result. */
import { type Delivery, replayDialogue } from '@fivewire/test-servers';
import { expect } from 'vitest';
import { NntpClient, type NntpOptions } from '../src/index.js';

/** A reader's session in clear, without a login: `caps` are what CAPABILITIES says. */
export function reader(
  dialogue: string,
  caps: string[] = ['VERSION 2', 'READER', 'OVER', 'HDR', 'POST', 'LIST ACTIVE NEWSGROUPS'],
): string {
  return `S: 200 ready\n${capabilities(caps)}\n${dialogue}`;
}

export const capabilities = (caps: string[]): string =>
  ['C: CAPABILITIES', 'S: 101 list', ...caps.map((cap) => `S: ${cap}`), 'S: .'].join('\n');

export async function play<T>(
  dialogue: string,
  client: (nntp: NntpClient) => Promise<T>,
  { deliveries, ...options }: Partial<NntpOptions> & { deliveries?: Delivery[] } = {},
): Promise<T> {
  const results = await replayDialogue(
    dialogue,
    async ({ host, port, ca }) => {
      const nntp = await NntpClient.connect({
        host,
        port,
        security: 'cleartext',
        allowCleartextAuth: true,
        ...options,
        ...(options.security === 'starttls' ? { tls: { ca }, serverHostname: 'localhost' } : {}),
      } as NntpOptions);
      try {
        return await client(nntp);
      } finally {
        nntp.close();
      }
    },
    deliveries === undefined ? {} : { deliveries },
  );
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0] as T;
}

/** What a connection attempt comes to, with the error as plain data. */
export async function connectError(
  dialogue: string,
  options: Partial<NntpOptions> = {},
): Promise<Record<string, unknown>> {
  return play(dialogue, async () => ({ code: 'connected' }), options).catch(
    (error: { cause?: Record<string, unknown> }) => {
      const { code, connection, reply, mechanism, phase, retry, reason, hint, serverText } =
        error.cause ?? {};
      if (code === undefined) throw error;
      return { code, connection, reply, mechanism, phase, retry, reason, hint, serverText };
    },
  );
}

export const failure = async (promise: Promise<unknown>): Promise<Record<string, unknown>> =>
  promise.then(
    () => ({ code: 'no error' }),
    (error: Record<string, unknown>) => error,
  );
