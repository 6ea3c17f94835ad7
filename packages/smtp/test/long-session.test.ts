/** One long session, whose server goes after each octet that it says: each call is told the truth, and none what it wasn't. */
import { describe, expect, test } from 'vitest';
import { isFivewireError, SmtpClient } from '../src/index.js';
import type { SmtpOptions } from '../src/types.js';
import { cleartext } from './dialogue.js';
import { type Model, type ModelOptions, model } from './matrix/model-server.js';

const from = 'alice@example.org';
const body = (name: string) => `Subject: ${name}\r\n\r\n${name}\r\n`;

/** Each gives what can be compared. */
const calls: readonly [string, (client: SmtpClient) => Promise<unknown>][] = [
  ['noop', (client) => client.noop()],
  ['verify', (client) => client.verify('bob@example.net')],
  ['first', (client) => client.send({ from, to: ['b1@example.net', 'c1@example.net'] }, body('first'))],
  ['probe', (client) => client.probe({ from, to: 'b2@example.net' })],
  // One of its recipients is refused.
  ['second', (client) => client.send({ from, to: ['b3@example.net', 'c3@example.net', 'd3@example.net'] }, body('second'))],
  ['expand', (client) => client.expand('list@example.net')],
  ['many', (client) => sendMany(client)],
  ['reset', (client) => client.reset()],
  ['stream', (client) => client.send({ from, to: 'e@example.net' }, stream())],
  ['help', (client) => client.help()],
]; // biome-ignore format: one row each

async function* stream(): AsyncGenerator<Buffer> {
  yield Buffer.from('Subject: stream\r\n\r\n');
  yield Buffer.from('stream\r\n');
}

/** The outcomes one by one: a lost connection costs those that were under way, and says so of each. */
async function sendMany(client: SmtpClient): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  const messages = ['m1', 'm2', 'm3'].map((name) => ({
    envelope: { from, to: `${name}@example.net` },
    body: body(name),
  }));
  try {
    for await (const outcome of client.sendMany(messages, { window: 2 }))
      outcomes.push(outcome.ok ? outcome.result : outcome.error);
  } catch (error) {
    outcomes.push(error);
  }
  return outcomes;
}

interface Told {
  client: unknown;
  results: Map<string, unknown>;
  server: Model;
}

const login = { auth: { user: 'alice', password: 'secret' }, allowCleartextAuth: true };

async function session(options: SmtpOptions, cut?: ModelOptions['cut']): Promise<Told> {
  const server = model({
    extensions: ['PIPELINING', 'AUTH LOGIN', ...(options.chunking ? ['CHUNKING'] : [])],
    lmtp: options.protocol === 'lmtp',
    at: 'RCPT 5',
    oddity: { say: '550 5.1.1 Nobody' },
    slowly: false,
    ...(cut && { cut }),
  });
  const results = new Map<string, unknown>();
  let client: unknown;
  try {
    client = await SmtpClient.connect({
      ...cleartext,
      ...login,
      ...options,
      serverHostname: 'mx.example.test',
      stream: server.stream,
    });
    for (const [name, call] of calls)
      results.set(name, await call(client as SmtpClient).catch((error: unknown) => error));
    await (client as SmtpClient).quit();
  } catch (error) {
    client = error;
  }
  return { client, results, server };
}

type Sent = { accepted?: { address: string }[] };
const accepted = (result: unknown): string[] =>
  ((result as Sent).accepted ?? []).map(({ address }) => address.split('@')[0] as string);

/** All messages of a session, by name, with what was told of each. */
function messagesOf({ results }: Told): Map<string, unknown> {
  const sent = new Map<string, unknown>();
  for (const name of ['first', 'second', 'stream']) sent.set(name, results.get(name));
  const many = (results.get('many') ?? []) as unknown[];
  for (const [i, name] of ['m1', 'm2', 'm3'].entries()) sent.set(name, many[i] ?? many.at(-1));
  return sent;
}

describe.each<[string, SmtpOptions]>([
  ['DATA', {}],
  ['BDAT', { chunking: true }],
  ['LMTP', { protocol: 'lmtp' }],
])('%s', (_, options) => {
  test.each(['close', 'reset'] as const)('cut anywhere, then %s', async (by) => {
    const whole = await session(options);
    const total = whole.server.said;
    expect(whole.client).toBeInstanceOf(SmtpClient);
    expect(whole.server.kept).toHaveLength(6);
    expect(total).toBeGreaterThan(600);
    const known = new Map(
      [...whole.results].map(([name, result]) => [name, JSON.stringify(result)]),
    );

    const check = async (after: number): Promise<void> => {
      const told = await session(options, { after, by });
      const { client, results, server } = told;
      if (!(client instanceof SmtpClient)) {
        expect(isFivewireError(client) && client.connection).toBe('closed');
        expect(server.kept).toEqual([]);
        return;
      }
      // Up to where it went, all is as ever; from there on each call is told that the connection has gone.
      let gone = false;
      for (const [name] of calls) {
        const result = results.get(name);
        const last = Array.isArray(result) ? result.at(-1) : result;
        const failed = last instanceof Error;
        if (failed) expect(isFivewireError(last) && last.connection, name).toBe('closed');
        else expect(JSON.stringify(result), name).toBe(known.get(name));
        if (gone) expect(failed, `${name} after the end`).toBe(true);
        gone ||= failed;
      }
      // What was told of a message is what the server has done with it.
      const keptBy = new Map(
        server.kept.map(({ body: text, recipients }) => [
          /Subject: (\w+)/.exec(text)?.[1] as string,
          recipients,
        ]),
      );
      expect(keptBy.size).toBe(server.kept.length);
      for (const [name, result] of messagesOf(told)) {
        if (accepted(result).length > 0) expect(keptBy.get(name), name).toEqual(accepted(result));
        else if ((result as { code?: string }).code !== 'ERR_OUTCOME_UNKNOWN')
          expect(keptBy.has(name), `${name} at ${after}`).toBe(false);
      }
    };
    for (let at = 0; at < total; at += 50)
      await Promise.all(Array.from({ length: Math.min(50, total - at) }, (_, i) => check(at + i)));
  });
});
