/** A client with a server in memory, and what the rows ask of the two. */
import { Readable } from 'node:stream';
import { type FivewireError, isFivewireError } from 'tls-context-core';
import { createPeer, type Peer } from './peer.js';
import type { Client, Options, Subject } from './subject.js';

/** No TLS, for what is not about TLS. */
export const inClear = (peer: Peer): Options => ({
  host: 'server.test',
  security: 'cleartext',
  dial: peer.dial,
});

export interface Session<C> {
  client: C;
  peer: Peer;
  /** A call that talks. */
  talk(options?: { signal?: AbortSignal; timeout?: number }): Promise<unknown>;
  /** The verb with which it talks, as errors name it. */
  verb: string;
  /** How often the server has heard a verb. */
  count(verb: string): number;
}

export async function openSession<C extends Client>(
  subject: Subject<C>,
  options: Options = {},
): Promise<Session<C>> {
  const peer = createPeer(subject.speaker);
  const client = (await subject.Client.connect({ ...inClear(peer), ...options } as never)) as C;
  const { verb } = subject;
  return {
    client,
    peer,
    verb,
    talk: (given) => client.command(verb, [], given),
    count: (wanted) => peer.verbs().filter((heard) => heard === wanted).length,
  };
}

/** A session whose server says nothing any more. */
export async function mute<C extends Client>(subject: Subject<C>): Promise<Session<C>> {
  const session = await openSession(subject);
  session.peer.on('*', 'silence');
  return session;
}

/** The server's reply to the latest command, in tagged protocols with its tag. */
export function answerNow<C extends Client>(subject: Subject<C>, peer: Peer): void {
  const line = peer.latest.heard.at(-1) as string;
  peer.latest.say(subject.speaker.answer(line) as string);
}

/** Calls, and follows what it gives as far as its first answer. */
export async function follow(call: () => unknown): Promise<void> {
  const answer = await call();
  if (answer instanceof Readable) {
    for await (const _ of answer) break;
  } else if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
    for await (const _ of answer as AsyncIterable<unknown>) break;
  }
}

/** The error of a call that must fail, however it gives it. */
export async function failure(call: () => unknown): Promise<FivewireError> {
  let error: unknown;
  try {
    await follow(call);
    error = new Error('the call succeeded');
  } catch (thrown) {
    error = thrown;
  }
  if (isFivewireError(error)) return error;
  throw error;
}

/** Lets everything happen that is about to. */
export async function quiet(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
