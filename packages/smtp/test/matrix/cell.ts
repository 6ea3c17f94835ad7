/** One cell of the matrix: a call with one odd answer, and what the table's word for it asks of the outcome. */
import { expect } from 'vitest';
import { isFivewireError, SmtpClient } from '../../src/index.js';
import { cleartext } from '../dialogue.js';
import type { Call } from './calls.js';
import { type Model, type ModelOptions, model, type Oddity } from './model-server.js';

/** Replies of the wrong kind, or of another mind. */
export const replies: Readonly<Record<string, Oddity>> = {
  '421': { say: '421 4.3.2 Leaving' },
  '4yz': { say: '450 4.2.0 Not now' },
  '5yz': { say: '550 5.7.0 No' },
  '1yz': { say: '150 Perhaps' },
  '2yz': { say: '250 2.0.0 Yes' },
  '3yz': { say: '354 Go on' },
};

/** What comes in place of a reply, and the code that tells it. */
export const troubles: Readonly<Record<string, { oddity: Oddity; code: string }>> = {
  garbage: { oddity: { say: 'garbage' }, code: 'ERR_MALFORMED_RESPONSE' },
  'a flood of lines': { oddity: { instead: 'flood of lines' }, code: 'ERR_LIMIT_EXCEEDED' },
  'a flood without a line': {
    oddity: { instead: 'flood without a line' },
    code: 'ERR_LIMIT_EXCEEDED',
  },
  silence: { oddity: { instead: 'silence' }, code: 'ERR_TIMEOUT' },
  'the end': { oddity: { instead: 'close' }, code: 'ERR_CONNECTION_CLOSED' },
  'a broken connection': { oddity: { instead: 'reset' }, code: 'ERR_CONNECTION_CLOSED' },
};

export interface Outcome {
  /** What the call resolved to, or its error. */
  told: unknown;
  server: Model;
  /** A command and a message after it went their way. */
  goesOn: boolean;
}

const shortTimeouts = { greeting: 40, reply: 40, stall: 40, dataEnd: 40, close: 40 };

export async function run(
  { extensions = [], options = {}, act, old = false, refuses, certificate }: Call = {},
  odd: Pick<ModelOptions, 'at' | 'oddity' | 'lmtp' | 'slowly'>,
): Promise<Outcome> {
  const { oddity, lmtp } = odd;
  const silent = 'instead' in oddity && oddity.instead === 'silence';
  const server = model({
    ...odd,
    extensions,
    old,
    ...(refuses && { refuses }),
    ...(certificate && { certificate }),
  });
  let client: SmtpClient | undefined;
  let told: unknown;
  try {
    client = await SmtpClient.connect({
      ...cleartext,
      ...options,
      ...(lmtp && { protocol: 'lmtp' }),
      ...(silent && { timeouts: shortTimeouts }),
      serverHostname: 'mx.example.test',
      stream: server.stream,
    });
    told = act === undefined ? undefined : await act(client);
  } catch (error) {
    told = error;
  }
  const goesOn = client !== undefined && (await carryOn(client, server));
  await client?.quit();
  expect(server.stream.destroyed).toBe(true);
  return { told, server, goesOn };
}

/** Never half: either it is done as it was asked, or the connection is over and nothing was taken. */
async function carryOn(client: SmtpClient, { kept }: Model): Promise<boolean> {
  const before = kept.length;
  try {
    await client.noop();
    const { accepted } = await client.send({ from: null, to: 'next@example.net' }, 'y\r\n');
    expect(accepted.map(({ address }) => address)).toEqual(['next@example.net']);
  } catch (error) {
    if (!isFivewireError(error)) throw error;
    expect(error.connection).toBe('closed');
    expect(kept).toHaveLength(before);
    return false;
  }
  expect(kept.splice(before)).toEqual([{ recipients: ['next'], body: 'y\r\n' }]);
  return true;
}

const closed = { connection: 'closed' };
const usable = { connection: 'usable' };
const initial = ({ address }: { address: string }): string => address.charAt(0);

type Told = { code?: string; accepted?: Recipient[]; refused?: Recipient[] };
type Recipient = { address: string; transient: boolean };

/** @param trouble the code of what came in place of a reply */
export function judge(
  word: string,
  { told, server, goesOn }: Outcome,
  trouble = 'ERR_MALFORMED_RESPONSE',
): void {
  const keptFor = server.kept.flatMap(({ recipients }) => recipients.map((name) => name.charAt(0)));
  const crowd = (names: readonly string[]): string => names.join('').replace(/(.)\1+/g, '$1');
  const [what = '', ...more] = word.split(/[,:] ?/);
  const heard = more.join();
  if (what === 'by last') {
    // Where the last chunk has been written, only the server knows. It may have left before that chunk came.
    const all = /BDAT \d+ LAST\r\n/.test(server.received);
    const unknown = (told as Told).code === 'ERR_OUTCOME_UNKNOWN';
    judge(all || unknown ? 'unknown' : 'told', { told, server, goesOn }, trouble);
    return;
  }
  if (what !== 'unknown' && !/^[bcd]+$/.test(what)) expect(keptFor).toEqual([]);
  const isOver = heard.includes('over');
  expect(goesOn).toBe(!isOver && /^(?:later|never|done|none|[bcd]+)$/.test(what));
  const rejected = { code: 'ERR_COMMAND_REJECTED', ...(isOver ? closed : usable) };
  const meanings: Readonly<Record<string, object>> = {
    closing: { code: 'ERR_SERVER_CLOSING', retry: 'later', ...closed },
    later: {
      ...rejected,
      retry: 'later',
      transient: true,
      reply: { code: 450, enhanced: '4.2.0' },
    },
    never: {
      ...rejected,
      retry: 'never',
      transient: false,
      reply: { code: 550, enhanced: '5.7.0' },
    },
    malformed: { code: 'ERR_MALFORMED_RESPONSE', retry: 'never', ...closed },
    told: {
      code: trouble,
      retry: /TIMEOUT|CLOSED/.test(trouble) ? 'reconnect' : 'never',
      ...closed,
    },
    unknown: {
      code: 'ERR_OUTCOME_UNKNOWN',
      retry: 'never',
      ...closed,
      hint: expect.stringContaining('twice'),
    },
    'no login': {
      code: 'ERR_AUTHENTICATION_FAILED',
      retry: heard === 'later' ? 'later' : 'never',
      ...closed,
    },
    'no TLS': {
      code: 'ERR_STARTTLS_REFUSED',
      retry: heard === 'later' ? 'later' : 'never',
      ...closed,
    },
    none: {
      code: 'ERR_RECIPIENTS_REJECTED',
      retry: heard.includes('later') ? 'later' : 'never',
      ...(isOver ? closed : usable),
    },
  };
  const meaning = meanings[what];
  if (meaning !== undefined) {
    expect(told).toMatchObject(meaning);
    const { recipients = [] } = told as { recipients?: Recipient[] };
    if (what === 'unknown') expect(recipients.map(initial).join('')).toBe(heard);
    if (what === 'none') expect(recipients.map(refusal)).toEqual([more[0]]);
    return;
  }
  if (told instanceof Error) throw told;
  if (what === 'done' || what === 'gone') return;
  const { accepted = [], refused = [] } = told as Told;
  expect(crowd(accepted.map(initial))).toBe(what);
  if (keptFor.length > 0) expect(keptFor).toEqual(accepted.map(initial));
  expect(refused.map(refusal)).toEqual(heard === '' || heard === 'over' ? [] : [heard]);
}

const refusal = (one: Recipient): string => `${initial(one)} ${one.transient ? 'later' : 'never'}`;
