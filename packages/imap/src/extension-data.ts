/** Responses of extensions, read by the command that asked for them: to all others they are `other`, with their text. */
import { decodeText } from '@fivewire/line-protocol';
import type { CommandRunner } from './command-runner.js';
import type { Frame } from './grammar/frame.js';
import { isMalformed, Lexer } from './grammar/lexer.js';
import { mayBeSame } from './grammar/mailbox-name.js';
import type { Response } from './grammar/response.js';

/** @returns what the response says; `undefined` when it has another name, or breaks its grammar, which the runner is told */
export function extensionData<T>(
  runner: CommandRunner,
  response: Response,
  frame: Frame,
  name: string,
  parse: (lexer: Lexer) => T,
): T | undefined {
  if (response.type !== 'other' || response.name !== name) return undefined;
  const lexer = new Lexer(frame, runner.limits);
  try {
    lexer.accept(asterisk);
    lexer.spaces();
    lexer.keyword();
    lexer.spaces();
    const data = parse(lexer);
    runner.note(lexer.notes, frame);
    return data;
  } catch (error) {
    if (!isMalformed(error)) throw error;
    runner.unread(decodeText(frame.text), (error as Error).message);
    return undefined;
  }
}

/**
 * The same where it names a mailbox: what is about another one answers nothing, and is a notice.
 * @param asked the octets of the mailbox
 */
export function mailboxData<T extends { readonly raw: string }>(
  runner: CommandRunner,
  response: Response,
  frame: Frame,
  name: string,
  parse: (lexer: Lexer, asked: string) => T,
  asked: string,
): T | undefined {
  const data = extensionData(runner, response, frame, name, (lexer) => parse(lexer, asked));
  if (data === undefined || mayBeSame(data.raw, asked)) return data;
  runner.ofAnother(decodeText(frame.text), name);
  return undefined;
}

const asterisk = 42;
