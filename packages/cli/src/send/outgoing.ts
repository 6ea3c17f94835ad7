/** A message on its way: to whom, its octets as often as they are wanted, and what the server says to each recipient. */
import { pipeline, type Readable } from 'node:stream';
import type { Envelope, SmtpClient } from '@fivewire/smtp';
import { isFivewireError } from 'tls-context-core';
import type { Context } from '../context.js';
import { exitCodes, Failure } from '../exit-code.js';
import { line } from '../output.js';
import { passage, startProgress } from '../progress.js';

/** Made anew for each attempt: a stream can be read once. */
export interface Outgoing {
  envelope: Envelope;
  body(): Promise<Readable>;
  close(): Promise<void>;
}

/** @param all to nobody, where one recipient is refused */
export async function send(
  smtp: SmtpClient,
  { envelope, body }: Outgoing,
  all: boolean,
  context: Context,
): Promise<number | undefined> {
  const { out, signal } = context;
  const progress = await startProgress(context, 'message');
  try {
    const source = await body();
    const flowing = pipeline(
      [source, ...passage(context, progress, envelope.size)],
      () => {},
    ) as unknown as Readable;
    const result = await smtp.send(envelope, flowing, {
      signal,
      onRefused: all ? 'abort' : 'send-rest',
    });
    progress.stop();
    for (const one of result.accepted) await verdict(context, 'accepted', one);
    for (const one of result.refused) await verdict(context, 'refused', one);
    if (result.dropped.includes('DSN'))
      out.warn('the server knows no delivery status notifications: it was sent without');
    const { code, enhanced, text } = result.reply;
    await out.done(
      { type: 'sent', octets: result.bytes, reply: result.reply },
      `sent ${result.bytes} octets: ${[code, enhanced, line(text)].filter(Boolean).join(' ')}`,
    );
    return result.refused.length === 0 ? undefined : exitCodes.partly;
  } catch (error) {
    await tellRefusals(error, context);
    throw ofEnvelope(error);
  } finally {
    progress.stop();
  }
}

/** Who would be accepted: nothing is sent. */
export async function ask(
  smtp: SmtpClient,
  { envelope }: Outgoing,
  context: Context,
): Promise<number | undefined> {
  const { accepted, refused } = await smtp
    .probe(envelope, { signal: context.signal })
    .catch((error) => {
      throw ofEnvelope(error);
    });
  // Here the answers are what was asked for.
  for (const one of accepted) await answerRow(context, 'accepted', one);
  for (const one of refused) await answerRow(context, 'refused', one);
  if (refused.length === 0) return undefined;
  if (accepted.length > 0) return exitCodes.partly;
  return refused.every(({ transient }) => transient) ? exitCodes.temporary : exitCodes.badRecipient;
}

/** An address that no server could be given: it stood in the message, or on the command line. */
function ofEnvelope(error: unknown): unknown {
  if (!isFivewireError(error) || error.code !== 'ERR_ARGUMENT') return error;
  const [, what, rest = ''] = /^envelope\.(to|from)(?:\[\d+\])? (.*)$/s.exec(error.message) ?? [];
  if (what === undefined) return error;
  const who = what === 'to' ? 'the recipient' : 'the sender';
  return new Failure(exitCodes.badData, `Nothing was sent: ${who} ${line(rest)}`, {
    cause: error,
    code: error.code,
    hint: 'An address is written name@example.org.',
  });
}

interface Answer {
  address: string;
  reply: { code: number | string; enhanced?: string; text: string };
}

type Verdict = 'accepted' | 'refused';

const recordOf = (verdict: Verdict, { address, reply }: Answer) => ({
  type: 'recipient',
  verdict,
  address,
  reply,
});

function sentence(verdict: Verdict, { address, reply }: Answer): string {
  const said = [reply.code, reply.enhanced, line(reply.text)].filter(Boolean).join(' ');
  return `${verdict} ${line(address)}: ${said}`;
}

const answerRow = ({ out }: Context, verdict: Verdict, answer: Answer): Promise<void> =>
  out.row(recordOf(verdict, answer), sentence(verdict, answer));

/** Who was refused is said on stderr, whatever became of the others. */
async function verdict({ out }: Context, verdict: Verdict, answer: Answer): Promise<void> {
  if (verdict === 'refused' && !out.json) out.warn(sentence(verdict, answer));
  else await out.done(recordOf(verdict, answer), sentence(verdict, answer));
}

/** When all are refused it is an error, and what was said to each is data all the same. */
async function tellRefusals(error: unknown, context: Context): Promise<void> {
  const { code, recipients } = error as { code?: string; recipients?: readonly Answer[] };
  if (code !== 'ERR_RECIPIENTS_REJECTED') return;
  for (const one of recipients ?? []) await verdict(context, 'refused', one);
}

/** RFC 5321 §4.5.5. */
export const isNullSender = (given: string): boolean => given === '' || given.trim() === '<>';
