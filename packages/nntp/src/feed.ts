/** Articles from server to server: IHAVE (RFC 3977 §6.3.2), or CHECK and TAKETHIS in a stream (RFC 4644). */
import {
  afterItems,
  type BodyInput,
  type CommandError,
  type CommandLine,
  commandLine,
  type FivewireError,
  isFivewireError,
  type Reply,
  type Turn,
} from '@fivewire/line-protocol';
import { messageId as checkedId } from './arguments.js';
import type { Article } from './article.js';
import { isDuplicate, type Postable, refuseMore, sendArticle, toOctets } from './post.js';
import { needsLogin, saysUnknownCommand } from './response-codes.js';
import type { Session } from './session.js';
import type { CallOptions } from './types.js';

export interface FeedOptions extends CallOptions {
  /** Articles under way at once where the server streams, from 1. Default 16. */
  window?: number;
  /** Whether to ask by CHECK before an article is sent. Default true. */
  check?: boolean;
}

/** An article with its message-id; an {@link Article} knows its own. */
export type Feedable = Article | { messageId: string; article: Postable };

export interface Fed {
  messageId: string;
  /**
   * `accepted`; `duplicate`: the server has it (CHECK's 438, IHAVE's 435, or a refusal with such words); `rejected`: offer it no more; `later`: offer it again;
   * `unknown`: the connection broke before the answer, so offer it again: a duplicate says that it is there.
   */
  outcome: 'accepted' | 'duplicate' | 'rejected' | 'later' | 'unknown';
  /** What the server said; for an id or an article that is none, which was not offered, what is wrong with it. */
  text: string;
}

/** What each response means; 238 and 335 ask for the article, of which there is no outcome yet. */
const outcomes: Readonly<Record<number, Fed['outcome'] | 'send'>> = {
  235: 'accepted',
  239: 'accepted',
  238: 'send',
  335: 'send',
  431: 'later',
  435: 'duplicate',
  436: 'later',
  437: 'rejected',
  438: 'duplicate',
  439: 'rejected',
  501: 'rejected', // of this article's id or lines: the command was known with others
};

/**
 * In the order given. Where the connection breaks, those under way come as `unknown`, and then the loop throws; where the server refuses the
 * command for good, what it says of those under way comes first. Where the loop is left, what was only asked about is not sent.
 */
export async function* feed(
  session: Session,
  articles: Iterable<Feedable> | AsyncIterable<Feedable>,
  { window = 16, check = true, ...options }: FeedOptions,
): AsyncGenerator<Fed, void, undefined> {
  const streams = await mayStream(session, options);
  const depth = streams && session.pipelined ? window : 1;
  const offer = streams ? (check ? checkAndTake : takeThis) : ihave;
  const underWay: { messageId: string; fed: Promise<Fed> }[] = [];
  const loop: Loop = { left: false };
  let broken: unknown;
  let given = 0;
  let last: string | undefined;
  /** `undefined`: the server has refused the command itself, and so has no word about the article. */
  const next = async (): Promise<Fed | undefined> => {
    const { messageId, fed } = underWay.shift() as (typeof underWay)[number];
    let found: Fed;
    try {
      found = await fed;
    } catch (error) {
      if (!isFivewireError(error)) throw error;
      if (isPassing(error)) found = { messageId, outcome: 'later', text: error.reply?.text ?? '' };
      else {
        broken ??= error;
        if (error.connection !== 'closed') return undefined;
        found = { messageId, outcome: 'unknown', text: error.message };
      }
    }
    given++;
    last = messageId;
    return found;
  };
  try {
    for await (const each of articles as AsyncIterable<Feedable>) {
      underWay.push(
        begin(each, (messageId, octets) => offer(session, messageId, octets, options, loop)),
      );
      if (underWay.length >= depth) {
        const found = await next();
        if (found !== undefined) yield found;
      }
      if (broken !== undefined) break;
    }
    while (underWay.length > 0) {
      const found = await next();
      if (found !== undefined) yield found;
    }
    if (broken !== undefined) throw broken;
  } catch (error) {
    throw isFivewireError(error) ? afterItems(error, given, last) : error;
  } finally {
    loop.left = true;
    await Promise.allSettled(underWay.map(({ fed }) => fed));
  }
}

/** A trouble of the moment (403, 4yz of no RFC): this article may be offered again, and the next one is. */
const isPassing = (error: FivewireError): error is CommandError =>
  error.connection === 'usable' && (error as CommandError).transient === true;

/** Whether the consumer has gone. */
interface Loop {
  left: boolean;
}

type Offer = (messageId: string, octets: BodyInput) => Promise<Fed>;

/** An id or an article that is none is its item's trouble: no server would take it, so none is asked. */
function begin(each: Feedable, offer: Offer): { messageId: string; fed: Promise<Fed> } {
  const { messageId } = each;
  let fed: Promise<Fed>;
  try {
    checkedId(messageId);
    fed = offer(messageId, toOctets('article' in each ? each.article : each));
  } catch (error) {
    fed = Promise.resolve({ messageId, outcome: 'rejected', text: (error as Error).message });
  }
  fed.catch(() => {});
  return { messageId, fed };
}

/** RFC 4644 §2.2: a server that lists STREAMING needs no MODE STREAM; one that says nothing is asked. */
async function mayStream(session: Session, options: CallOptions): Promise<boolean> {
  const { capabilities } = session;
  if (capabilities.known) return capabilities.has('STREAMING');
  const line = commandLine('MODE', ['STREAM']);
  return session.run(line, options, ({ code }) => code === 203);
}

async function checkAndTake(
  session: Session,
  messageId: string,
  octets: BodyInput,
  options: CallOptions,
  loop: Loop,
): Promise<Fed> {
  const line = commandLine('CHECK', [messageId]);
  const answer = await session.run(line, { ...options, pipelined: true }, (reply) =>
    judge(session, reply, line, messageId),
  );
  if (answer.outcome !== 'send') return answer as Fed;
  if (loop.left) return { ...answer, outcome: 'later' };
  return takeThis(session, messageId, octets, options);
}

/** Command and article are one piece: the next command follows at once. */
async function takeThis(
  session: Session,
  messageId: string,
  octets: BodyInput,
  { signal, timeout }: CallOptions,
): Promise<Fed> {
  const line = commandLine('TAKETHIS', [messageId]);
  const wait = session.wait(line.masked, 'transfer', timeout);
  const send = (): Promise<Fed> =>
    session.queue.run(
      async (turn: Turn) => {
        session.connection.send(line);
        await sendArticle(session, octets, wait);
        if (session.pipelined) turn.wrote();
        await turn.toRead();
        return judge(session, await session.readReply(wait), line, messageId) as Fed;
      },
      { signal, phase: 'transfer', command: line.masked },
    );
  if (typeof octets === 'string' || octets instanceof Uint8Array) return session.loggedIn(send);
  const { logins } = session;
  try {
    return await send();
  } catch (error) {
    // The stream is spent: the login is for those that follow.
    if (!needsLogin(error) || !session.canLogIn) throw error;
    if (session.logins === logins) await session.logIn();
    return { messageId, outcome: 'later', text: (error as CommandError).reply?.text ?? '' };
  }
}

async function ihave(
  session: Session,
  messageId: string,
  octets: BodyInput,
  options: CallOptions,
): Promise<Fed> {
  const line = commandLine('IHAVE', [messageId]);
  return session.run(line, options, async (reply, wait) => {
    const answer = judge(session, reply, line, messageId);
    if (answer.outcome !== 'send') return answer as Fed;
    refuseMore(session, line.masked);
    await sendArticle(session, octets, wait);
    return judge(session, await session.readReply(wait), line, messageId) as Fed;
  });
}

/** CHECK and TAKETHIS name the article in their answer: another one's is no answer to this. */
function judge(
  session: Session,
  reply: Reply,
  line: CommandLine,
  messageId: string,
): Omit<Fed, 'outcome'> & { outcome: Fed['outcome'] | 'send' } {
  const outcome = outcomes[reply.code];
  const isUnknown = reply.code === 501 && saysUnknownCommand(reply.text);
  if (outcome === undefined || isUnknown) throw session.refused(reply, line.masked);
  const named = /^\s*(<[^<>\s]+>)/.exec(reply.text)?.[1];
  if (named !== undefined && named.toLowerCase() !== messageId.toLowerCase()) {
    throw session.connection.malformed(`an answer about ${messageId}`, reply.text, {
      command: line.masked,
    });
  }
  // TAKETHIS has one code for all: Cyrus tells by its words that it has the article.
  const isThere = outcome === 'rejected' && isDuplicate(reply);
  return { messageId, outcome: isThere ? 'duplicate' : outcome, text: reply.text };
}
