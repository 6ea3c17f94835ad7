/** Positive replies of every code, to each command: another command's yes is no answer. RFC 5321 §4.3.2, docs/decisions/0086. */
import { expect, test } from 'vitest';
import { createSmtpPool } from '../src/index.js';
import { calls } from './matrix/calls.js';
import { type Outcome, run } from './matrix/cell.js';
import { type Model, model } from './matrix/model-server.js';

/** What is a yes: 250, its own codes, and those that no command claims. */
const everyCode = [200, 202, 211, 214, 220, 221, 235, 240, 250, 251, 252, 253, 254, 299];
const unclaimed = [200, 202, 240, 250, 254, 299];

/** `call at`: the codes that say yes, beside the unclaimed ones, and what the others are. */
const table: Readonly<Record<string, { call: string; at: string; also?: number[]; unknown?: true; lmtp?: true }>> = {
  MAIL: { call: 'send', at: 'MAIL' },
  'MAIL, pipelined': { call: 'send, pipelined', at: 'MAIL' },
  'MAIL in a group': { call: 'send to one, BDAT', at: 'MAIL', unknown: true },
  'MAIL of many': { call: 'BDAT, sendMany', at: 'MAIL', unknown: true },
  'MAIL of a probe': { call: 'probe', at: 'MAIL' },
  RCPT: { call: 'send to one', at: 'RCPT', also: [251, 252] },
  'RCPT, pipelined': { call: 'send, pipelined', at: 'RCPT 2', also: [251, 252] },
  'RCPT in a group': { call: 'send to one, BDAT', at: 'RCPT', also: [251, 252], unknown: true },
  'RCPT of many': { call: 'BDAT, sendMany', at: 'RCPT 3', also: [251, 252], unknown: true },
  'RCPT of a probe': { call: 'probe', at: 'RCPT', also: [251, 252] },
  'the end of DATA': { call: 'send', at: '.', unknown: true },
  'the end of DATA of many': { call: 'sendMany', at: '.', unknown: true },
  'a message in a group': { call: 'BDAT, in one group', at: '.', unknown: true },
  'a message of many': { call: 'BDAT, sendMany', at: '.', unknown: true },
  'the last chunk': { call: 'BDAT, command after command', at: '.', unknown: true },
  'a chunk': { call: 'BDAT, command after command', at: 'BDAT' },
  BURL: { call: 'sendUrl', at: '.', unknown: true },
  'the fate of one recipient': { call: 'send to one', at: '.', also: [251, 252], unknown: true, lmtp: true },
  'the fate of one of three': { call: 'send, pipelined', at: '. 2', also: [251, 252], unknown: true, lmtp: true },
  RSET: { call: 'reset', at: 'RSET' },
  NOOP: { call: 'noop', at: 'NOOP' },
  VRFY: { call: 'verify', at: 'VRFY', also: [251, 252] },
  EXPN: { call: 'expand', at: 'EXPN', also: [251, 252] },
  HELP: { call: 'help', at: 'HELP', also: [211, 214] },
  ETRN: { call: 'etrn', at: 'ETRN', also: [251, 252, 253] },
  'a command that is not known': { call: 'command', at: 'XYZ', also: [211, 214, 251, 252, 253] },
  EHLO: { call: 'connect', at: 'EHLO' },
  HELO: { call: 'connect, no EHLO', at: 'HELO' },
}; // biome-ignore format: one row a line

test.each(Object.entries(table))('%s', async (_, { call, at, also = [], unknown, lmtp = false }) => {
  const yes = new Set([...unclaimed, ...also]);
  for (const code of everyCode) {
    const outcome = await run(calls[call], { at, oddity: { say: `${code} x` }, lmtp, slowly: false });
    expect({ code, ...summary(outcome) }).toEqual({
      code,
      told: yes.has(code) ? 'yes'
        : unknown ? 'ERR_OUTCOME_UNKNOWN'
        : code === 221 ? 'ERR_CONNECTION_CLOSED' : 'ERR_MALFORMED_RESPONSE',
      goesOn: yes.has(code),
    });
  }
}); // biome-ignore format: one fact a line

const summary = ({ told, goesOn }: Outcome): object => ({
  told: told instanceof Error ? (told as { code?: string }).code : 'yes',
  goesOn,
});

test.each([354, 300, 350, 399])('%i lets DATA go on', async (code) => {
  for (const call of ['send to one', 'send to one, pipelined']) {
    const say = { form: (due: string) => due.replace('354', String(code)) };
    const { told, server } = await run(calls[call], { at: 'DATA', oddity: say, lmtp: false, slowly: false });
    expect(told).toMatchObject({ accepted: [{ address: 'bob@example.net' }] });
    expect(server.kept).toHaveLength(1);
  }
}); // biome-ignore format: one call a line

test.each([250, 220, 235, 334])('%i to DATA is no go-ahead', async (code) => {
  for (const call of ['send to one', 'send to one, pipelined']) {
    const say = { say: `${code} x` };
    const { told, server } = await run(calls[call], { at: 'DATA', oddity: say, lmtp: false, slowly: false });
    expect(told).toMatchObject({ code: 'ERR_MALFORMED_RESPONSE', connection: 'closed' });
    expect(server.received).not.toMatch(/^Subject/m);
  }
}); // biome-ignore format: one call a line

test('a goodbye behind the reply to a message takes nothing of it back', async () => {
  for (const call of ['BDAT, in one group', 'send']) {
    const oddity = { form: (due: string) => `${due}221 Bye\r\n` };
    const { told, goesOn } = await run(calls[call], { at: '.', oddity, lmtp: false, slowly: false });
    expect(told).toMatchObject({ accepted: [{}, {}, {}] });
    expect(goesOn).toBe(false);
  }
}); // biome-ignore format: one call a line

test.each([
  { at: 'MAIL', say: '421 4.3.2 Leaving' },
  { at: 'RCPT', say: '421 4.3.2 Leaving' },
  { at: 'RCPT 2', say: '421 4.7.0 Too much from you' },
])('a pool sends again what ended at $at of a group ($say)', async ({ at, say }) => {
  for (const chunking of [true, false]) {
    const servers: Model[] = [];
    const pool = createSmtpPool({
      ...{ host: 'mx.example.test', security: 'cleartext', maxConnections: 1, chunking },
      clientName: 'client.example.test',
      dial: async () => {
        const first = servers.length === 0;
        const server = model({
          extensions: ['PIPELINING', 'CHUNKING'],
          ...{ lmtp: false, slowly: false, at: first ? at : '', oddity: { say } },
        });
        servers.push(server);
        return server.stream;
      },
    });
    const to = ['bob@example.net', 'carol@example.net'];
    const { accepted } = await pool.send({ from: null, to }, 'x\r\n');
    expect(accepted).toHaveLength(2);
    expect(servers.map(({ kept }) => kept.length)).toEqual([0, 1]);
    await pool.close();
  }
});

test('a pool does not send again what a goodbye ended in the middle of a group', async () => {
  const servers: Model[] = [];
  const pool = createSmtpPool({
    ...{ host: 'mx.example.test', security: 'cleartext', chunking: true },
    dial: async () => {
      const server = model({
        extensions: ['PIPELINING', 'CHUNKING'],
        ...{ lmtp: false, slowly: false, at: 'RCPT', oddity: { say: '221 Bye' } },
      });
      servers.push(server);
      return server.stream;
    },
  });
  const sent = pool.send({ from: null, to: 'bob@example.net' }, 'x\r\n');
  await expect(sent).rejects.toMatchObject({ code: 'ERR_OUTCOME_UNKNOWN' });
  expect(servers).toHaveLength(1);
  await pool.close();
});
