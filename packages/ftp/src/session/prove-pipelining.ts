/**
 * Whether a server may be sent a command before it has answered the last: tried once, with commands that do no harm when they are
 * lost or come twice. Servers that read one command a segment answer the first and drop the others.
 */
import type { Reply } from '@fivewire/line-protocol';
import { command, type Dialogue, noteReply } from './dialogue.js';
import { answers } from './reply-codes.js';
import type { ServerTraits } from './server-traits.js';

/** Its answer, 257, is no other command's: it marks where the replies of the flight end. */
const mark = command('PWD');

/** The first reply of a flight may take so long. A server that only is slow is asked again on another connection, command by command. */
const firstPatience = 5_000;

/** How long the rest of a flight may keep silent before the mark is asked for. It decides nothing but speed. */
const patience = 1_000;

type Line = ReturnType<typeof command>;

/** The replies to all lines: in one flight where the server takes one, else one by one. */
export async function askProving(
  dialogue: Dialogue,
  traits: ServerTraits,
  lines: readonly Line[],
): Promise<Reply[]> {
  if (traits.pipelining === 'unproven' && lines.length > 1) {
    let replies: Reply[] | undefined;
    try {
      replies = await inOneFlight(dialogue, lines);
    } catch (error) {
      // Some close the connection, or never say a word again: that is for the next one to know.
      traits.pipelining = 'refused';
      throw error;
    }
    traits.pipelining = replies === undefined ? 'refused' : 'proven';
    if (replies !== undefined) return replies;
  } else if (traits.pipelining === 'proven') {
    dialogue.send(...lines);
    const replies: Reply[] = [];
    for (const line of lines) replies.push(await dialogue.final(line));
    return replies;
  }
  const replies: Reply[] = [];
  for (const line of lines) replies.push(await dialogue.ask(line));
  return replies;
}

/** `undefined` where some were lost. Nothing is on its way then. */
async function inOneFlight(
  dialogue: Dialogue,
  lines: readonly Line[],
): Promise<Reply[] | undefined> {
  dialogue.send(...lines);
  const replies: Reply[] = [];
  let marked = false;
  const ask = (): void => {
    marked = true;
    if (dialogue.connection.isOpen) dialogue.send(mark);
  };
  for (const line of lines) {
    const timer = marked || replies.length === 0 ? undefined : setTimeout(ask, patience);
    try {
      const first = replies.length === 0;
      const reply = await answerOrMark(dialogue, line, first, () => marked);
      if (reply === undefined) return undefined;
      replies.push(reply);
    } finally {
      clearTimeout(timer);
    }
  }
  if (marked) await dialogue.final(mark);
  return replies;
}

async function answerOrMark(
  dialogue: Dialogue,
  line: Line,
  first: boolean,
  isMarked: () => boolean,
): Promise<Reply | undefined> {
  for (let ahead = 0; ahead < 1_000; ahead++) {
    const reply = await (first
      ? dialogue.next(line, Math.min(firstPatience, dialogue.timeout))
      : dialogue.next(line));
    if (isMarked() && reply.code === 257) return undefined;
    if (reply.class === 1) continue;
    if (answers(line, reply)) return reply;
    noteReply(dialogue.connection, reply);
  }
  throw dialogue.connection.malformed('an end to the command', '1000 times "wait"', {
    command: line.masked,
  });
}
