/** POST, RFC 3977 §6.3.1. */
import {
  type BodyInput,
  bodyOctets,
  commandLine,
  DotEncoder,
  type FivewireError,
  isBodyInput,
  isFivewireError,
  refuseSpent,
  SourcePace,
  TransferError,
  type Wait,
} from '@fivewire/line-protocol';
import { wrong } from './arguments.js';
import { Article } from './article.js';
import type { Session } from './session.js';
import type { CallOptions, PostResult } from './types.js';

/** An {@link Article}, or one written out: header lines, an empty line, the body. Line ends become CRLF. */
export type Postable = Article | BodyInput;

export interface PostOptions extends CallOptions {
  /** The article may have been posted before: a refusal as a duplicate says that it is there, and is no error. Default false. */
  again?: boolean;
}

export async function post(
  session: Session,
  article: Postable,
  { again = false, ...options }: PostOptions,
): Promise<PostResult> {
  const octets = toOctets(article);
  const line = commandLine('POST');
  return session.run(line, options, async (reply, wait) => {
    if (reply.code !== 340) throw session.refused(reply, line.masked);
    refuseMore(session, line.masked);
    const written = await sendArticle(session, octets, wait);
    // The server's word counts: what 240 names; else what the article has; else what 340 recommended for one that has none.
    const ours = written ?? idIn(reply.text);
    try {
      const answer = await session.readReply(wait);
      const { text } = answer;
      if (answer.code === 240) return { messageId: idIn(text) ?? ours, text };
      if (again && isDuplicate(answer)) return { messageId: ours, duplicate: true, text };
      throw session.refused(answer, line.masked);
    } catch (error) {
      throw isFivewireError(error) && error.connection === 'closed'
        ? unknownOutcome(session, error, ours)
        : error;
    }
  });
}

/**
 * Before an article goes out: a server that asks for it has nothing more to say. What lies behind would be taken for its word about the article.
 */
export function refuseMore({ connection }: Session, command: string): void {
  const { buffered } = connection;
  if (buffered === 0) return;
  throw connection.malformed('nothing before the article', `${buffered} octets`, { command });
}

/** @throws UsageError ERR_ARGUMENT */
export function toOctets(article: Postable): BodyInput {
  if (article instanceof Article) return article.toBuffer();
  if (isBodyInput(article)) {
    refuseSpent(article);
    return article;
  }
  throw wrong('article', 'An article is an Article, text, octets, or a stream of them');
}

const idIn = (text: string): string | undefined => /<[^<>@\s]+@[^<>@\s]+>/.exec(text)?.[0];

/** Refusals of a whole article have their reason in the text; INN puts IHAVE's code for it first. */
export function isDuplicate({ code, text }: { code: number; text: string }): boolean {
  if (code === 435) return true;
  if (![437, 439, 441].includes(code)) return false;
  const words = text.replaceAll(/<[^<>\s]*>/g, '');
  if (/^\s*(?:441 +)?435\b/.test(words)) return true;
  return /\b(duplicate|already|got it)\b/i.test(words) && !ofAHeader.test(words);
}

/** INN: `Duplicate "Subject" header field`. The article is refused for what it holds, and is not there. */
const ofAHeader = /\bheaders?\b|\bduplicate ["']/i;

/**
 * Whatever goes wrong in the article, its final dot must not come: the server would act.
 * @returns the article's own message-id
 */
export async function sendArticle(
  session: Session,
  body: BodyInput,
  wait: Wait,
): Promise<string | undefined> {
  const { connection, transport } = session;
  const encoder = new DotEncoder();
  let head: string | undefined = '';
  let id: string | undefined;
  const pace = new SourcePace();
  pace.begin({ connection, calls: session.queue.calls, what: 'the source of an article' });
  const stall = { ...wait, phase: 'transfer', timeout: transport.timeouts.stall } as const;
  try {
    for await (const octets of bodyOctets(body, pace)) {
      if (head !== undefined) {
        head += Buffer.from(octets).toString('latin1');
        const end = /\r?\n\r?\n/.exec(head)?.index ?? head.length;
        id = /^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]+>)/im.exec(head.slice(0, end))?.[1];
        if (id !== undefined || end < head.length || head.length > headerOctets) head = undefined;
      }
      for (const piece of encoder.encode(octets)) {
        if (!connection.write(piece)) await connection.flushed(stall);
      }
    }
  } catch (error) {
    throw connection.fail(error);
  } finally {
    pace.end();
  }
  connection.write(encoder.end());
  return id;
}

/** A message-id further behind is not looked for. */
const headerOctets = 65_536;

/** No answer, or one that says nothing about the article: it may have been taken. */
const unknownOutcome = (session: Session, cause: FivewireError, id: string | undefined): Error =>
  session.connection.locate(
    new TransferError(
      'ERR_OUTCOME_UNKNOWN',
      'The connection ended before the server said whether it took the article',
      {
        cause,
        command: 'POST',
        retry: 'reconnect',
        hint: `Connect again and ask stat('${id ?? '<message-id>'}'), or post it once more with again: true, under the same message-id.`,
      },
    ),
  );
