/** SORT and THREAD responses (RFC 5256 §4). */
import { close, isDigit, type Lexer, open } from './lexer.js';

/** "SORT" *(SP nz-number): in the server's order. */
export function parseSort(lexer: Lexer): number[] {
  const numbers: number[] = [];
  for (lexer.spaces(); isDigit(lexer.peek()); lexer.spaces()) numbers.push(lexer.number());
  // SORT=MODSEQ puts `(MODSEQ n)` behind them.
  if (lexer.peek() === open) lexer.skipValue('MODSEQ');
  if (!lexer.atEnd) throw lexer.fail('nz-number');
  return numbers;
}

/** A message and those that answer it. */
export interface Thread {
  /** `undefined` for a message that is not here: its answers are. */
  readonly uid: number | undefined;
  readonly children: readonly Thread[];
}

interface Node {
  uid: number | undefined;
  children: Node[];
}

/**
 * thread-data = "THREAD" [SP 1*thread-list]
 * thread-list = "(" (thread-members / thread-nested) ")"
 * thread-members = nz-number *(SP nz-number) [SP thread-nested]; each number answers the one before
 *
 * Without recursion, for a long discussion may nest deeper than `limits.depth`; the number of values is what is limited.
 */
export function parseThreads(lexer: Lexer): Thread[] {
  const roots: Node[] = [];
  const outer: Node[] = [];
  let last: Node = { uid: undefined, children: roots };
  for (lexer.spaces(); !lexer.atEnd; lexer.spaces()) {
    if (lexer.accept(open)) {
      lexer.countToken();
      outer.push(last);
      // A list at the beginning of a list: the message above it is not here.
      if (lexer.peek() === open) last = child(last, undefined);
    } else if (lexer.accept(close)) {
      const above = outer.pop();
      if (above === undefined) throw lexer.fail('thread-list');
      last = above;
    } else if (outer.length === 0) throw lexer.fail('thread-list');
    else last = child(last, lexer.number('nz-number'));
  }
  if (outer.length > 0) throw lexer.fail(') of the thread-list');
  return roots;
}

function child(of: Node, uid: number | undefined): Node {
  const node: Node = { uid, children: [] };
  of.children.push(node);
  return node;
}
