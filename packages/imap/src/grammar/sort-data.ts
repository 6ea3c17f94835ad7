/** SORT and THREAD responses (RFC 5256 §4). */
import { close, isDigit, type Lexer, open } from './lexer.js';

/** "SORT" *(SP nz-number): in the server's order. In quotes or in parentheses they are read as what they mean. */
export function parseSort(lexer: Lexer): number[] {
  const numbers = new Set<number>();
  lexer.spaces();
  if (lexer.nil()) return [];
  for (; isDigit(lexer.peek()); lexer.spaces()) add(lexer, numbers);
  // SORT=MODSEQ puts `(MODSEQ n)` behind them.
  if (isModSeq.test(lexer.text.slice(lexer.pos, lexer.pos + 10))) lexer.skipValue('MODSEQ');
  if (numbers.size === 0 && !lexer.atEnd && isLoose.test(lexer.text.slice(lexer.pos))) {
    lexer.note('SORT: its numbers stand in quotes or parentheses');
    for (; !lexer.atEnd; ) {
      if (isDigit(lexer.peek())) add(lexer, numbers);
      else lexer.pos++;
    }
  }
  if (!lexer.atEnd) throw lexer.fail('nz-number');
  return [...numbers];
}

const isModSeq = /^\( *MODSEQ /i;
const isLoose = /^[\d "()]+$/;

function add(lexer: Lexer, numbers: Set<number>): void {
  const number = lexer.number('nz-number');
  if (number === 0) lexer.note('nz-number: 0 is none');
  else if (numbers.has(number)) lexer.note(`${number} comes twice`);
  else numbers.add(number);
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
  const seen = new Set<number>();
  lexer.spaces();
  if (lexer.nil()) return roots;
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
    else {
      const uid = lexer.number('nz-number');
      // A message that is not here has no number.
      if (uid === 0) lexer.note('nz-number: 0 is none');
      else if (seen.has(uid)) lexer.note(`thread-members: ${uid} comes twice`);
      else seen.add(uid);
      last = child(last, uid || undefined);
    }
  }
  if (outer.length > 0) throw lexer.fail(') of the thread-list');
  return roots;
}

function child(of: Node, uid: number | undefined): Node {
  const node: Node = { uid, children: [] };
  of.children.push(node);
  return node;
}
