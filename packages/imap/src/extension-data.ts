/** Responses of extensions, read by the command that asked for them: to all others they are `other`, with their text. */
import { decodeText } from '@fivewire/line-protocol';
import type { CommandRunner } from './command-runner.js';
import type { Frame } from './grammar/frame.js';
import { isMalformed, Lexer } from './grammar/lexer.js';
import type { Response } from './grammar/response.js';

/** What was wrong with an answer. */
export interface Unread {
  problem?: string;
}

/**
 * @param unread told when a response of this name breaks its grammar, which is a notice as well
 * @returns what the response says; `undefined` when it has another name, or breaks its grammar
 */
export function extensionData<T>(
  { session, limits }: CommandRunner,
  response: Response,
  frame: Frame,
  name: string,
  parse: (lexer: Lexer) => T,
  unread: Unread = {},
): T | undefined {
  if (response.type !== 'other' || response.name !== name) return undefined;
  const lexer = new Lexer(frame, limits);
  try {
    lexer.accept(asterisk);
    lexer.spaces();
    lexer.keyword();
    lexer.spaces();
    return parse(lexer);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    const problem = (error as Error).message;
    unread.problem = problem;
    session.apply({ type: 'malformed', text: decodeText(frame.text), problem });
    return undefined;
  }
}

const asterisk = 42;
