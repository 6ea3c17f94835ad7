/** POST, RFC 3977 §6.3.1. */
import {
  type BodyInput,
  bodyOctets,
  commandLine,
  DotEncoder,
  isBodyInput,
  isFivewireError,
  TransferError,
  type Wait,
} from '@fivewire/line-protocol';
import { wrong } from './arguments.js';
import { Article } from './article.js';
import type { Session } from './session.js';
import type { CallOptions, PostResult } from './types.js';

/** An {@link Article}, or one written out: header lines, an empty line, the body. Line ends become CRLF. */
export type Postable = Article | BodyInput;

export async function post(
  session: Session,
  article: Postable,
  options: CallOptions,
): Promise<PostResult> {
  const composed = article instanceof Article;
  if (!composed && !isBodyInput(article)) {
    throw wrong('article', 'An article is an Article, text, octets, or a stream of them');
  }
  const octets = composed ? article.toBuffer() : article;
  const line = commandLine('POST');
  return session.run(line, options, async (reply, wait) => {
    if (reply.code !== 340) throw session.refused(reply, line);
    await sendArticle(session, octets, wait);
    const answer = await afterwards(session, wait);
    if (answer.code !== 240) throw session.refused(answer, line);
    const told = /<[^<>\s]+>/.exec(answer.text)?.[0];
    return { messageId: (composed ? article.messageId : undefined) ?? told, text: answer.text };
  });
}

/** After this only the final dot is missing for the server to act: whatever goes wrong before it, it must not come. */
async function sendArticle(session: Session, body: BodyInput, wait: Wait): Promise<void> {
  const { connection, transport } = session;
  const encoder = new DotEncoder();
  const stall = { ...wait, phase: 'transfer', timeout: transport.timeouts.stall } as const;
  try {
    for await (const octets of bodyOctets(body)) {
      for (const piece of encoder.encode(octets)) {
        if (!connection.write(piece)) await connection.flushed(stall);
      }
    }
  } catch (error) {
    throw connection.fail(error);
  }
  connection.write(encoder.end());
}

async function afterwards(session: Session, wait: Wait) {
  try {
    return await session.readReply(wait);
  } catch (error) {
    if (!isFivewireError(error) || error.connection !== 'closed') throw error;
    throw session.connection.locate(
      new TransferError(
        'ERR_OUTCOME_UNKNOWN',
        'The connection ended before the server said whether it took the article',
        {
          cause: error,
          command: 'POST',
          retry: 'reconnect',
          hint: 'Connect again and ask stat() for the message-id before you post it once more, under the same one.',
        },
      ),
    );
  }
}
