/** THREAD and UID THREAD, RFC 5256 §3, by ORDEREDSUBJECT and REFERENCES. */
import { type Argument, Refusal, textOf } from './arguments.js';
import type { BaseSubject } from './base-subject.js';
import type { ImapSession } from './imap-session.js';
import { factsOf } from './message-facts.js';
import { checkCharset, matching } from './search.js';
import type { Numbered } from './selection.js';

/** A message and what answers it; without a message where that is not here. */
interface Node {
  message: Numbered | undefined;
  parent: Node | undefined;
  children: Node[];
}

type Algorithm = (found: readonly Numbered[]) => Node[];

const algorithms: Readonly<Record<string, Algorithm>> = {
  ORDEREDSUBJECT: orderedSubject,
  REFERENCES: byReferences,
};

export async function thread(at: ImapSession, args: Argument[], byUid: boolean): Promise<void> {
  const [name, charset, ...keys] = args;
  const algorithm = algorithms[textOf(name).toUpperCase()];
  if (!algorithm) throw new Refusal('BAD Unknown threading algorithm');
  checkCharset(charset);
  const roots = algorithm(matching(at, keys).found);
  const number = ({ number: own, seen }: Numbered) => (byUid ? seen.message.uid : own);
  const threads = roots.map((root) => `(${describe(root, number)})`).join('');
  await at.untagged(threads === '' ? 'THREAD' : `THREAD ${threads}`);
}

/** thread-members = nz-number *(SP nz-number) [SP thread-nested]: without recursion, for discussions are long. */
function describe(root: Node, number: (message: Numbered) => number): string {
  let text = '';
  const left: (Node | '(' | ')')[] = [root];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const behindNumber = /\d$/.test(text) ? ' ' : '';
    if (next === ')') text += next;
    else if (next === '(') text += `${behindNumber}(`;
    else {
      const { message, children } = next;
      if (message) text += `${behindNumber}${number(message)}`;
      if (message && children.length === 1) left.push(children[0] as Node);
      else for (const child of children.toReversed()) left.push(')', child, '(');
    }
  }
  return text;
}

const sentAt = ({ message, children }: Node): number => {
  const own = message ?? children[0]?.message;
  return own ? factsOf(own.seen.message).sent : 0;
};

const byDate = (a: Node, b: Node): number =>
  sentAt(a) - sentAt(b) || (a.message?.number ?? 0) - (b.message?.number ?? 0);

const alone = (message: Numbered): Node => ({ message, parent: undefined, children: [] });

/** Messages of one subject: all answer the oldest of them. */
function orderedSubject(found: readonly Numbered[]): Node[] {
  const roots = new Map<string, Node>();
  for (const node of found.map(alone).toSorted(byDate)) {
    const { base } = factsOf((node.message as Numbered).seen.message).subject;
    const root = roots.get(base);
    if (root) adopt(root, node);
    else roots.set(base, node);
  }
  return [...roots.values()].toSorted(byDate);
}

function byReferences(found: readonly Numbered[]): Node[] {
  const nodes = new Map<string, Node>();
  const all: Node[] = [];
  const nodeOf = (id: string): Node => {
    let node = nodes.get(id);
    if (!node) {
      node = { message: undefined, parent: undefined, children: [] };
      nodes.set(id, node);
      all.push(node);
    }
    return node;
  };
  // (1) A message stands under the last of those that it refers to, each of which stands under the one before.
  for (const [index, message] of found.entries()) {
    const { messageId, references } = factsOf(message.seen.message);
    const taken = messageId !== undefined && nodes.get(messageId)?.message !== undefined;
    const own = nodeOf(messageId === undefined || taken ? ` ${index}` : messageId);
    own.message = message;
    let above: Node | undefined;
    for (const id of references) {
      const node = nodeOf(id);
      if (above && !node.parent && !isBelow(above, node)) adopt(above, node);
      above = node;
    }
    if (own.parent) abandon(own);
    if (above && !isBelow(above, own)) adopt(above, own);
  }
  // (2), (3) Whose message is not here is replaced by its children, unless that would tear a thread apart.
  const roots = all.filter(({ parent }) => !parent).flatMap((root) => pruned(root));
  // (4), (5) Roots of one subject are one thread.
  const merged = mergeSubjects(roots.toSorted(byDate));
  for (const node of [...all, ...merged]) node.children.sort(byDate);
  return merged.toSorted(byDate);
}

/** The node, or its children in its place. */
function pruned(root: Node): Node[] {
  const order: Node[] = [root];
  for (const node of order) order.push(...node.children);
  for (const node of order.toReversed()) {
    for (const child of [...node.children]) {
      if (child.message) continue;
      abandon(child);
      for (const grandchild of [...child.children]) adopt(node, grandchild);
    }
  }
  if (root.message || root.children.length > 1) return [root];
  const [only] = root.children;
  if (!only) return [];
  abandon(only);
  return [only];
}

function mergeSubjects(roots: readonly Node[]): Node[] {
  const factsIn = ({ message, children: [first] }: Node): BaseSubject => {
    const own = message ?? first?.message;
    return own ? factsOf(own.seen.message).subject : { base: '', isReply: false };
  };
  const table = new Map<string, Node>();
  for (const root of roots) {
    const { base, isReply } = factsIn(root);
    if (base === '') continue;
    const old = table.get(base);
    const isBetter = old?.message && (!root.message || (factsIn(old).isReply && !isReply));
    if (!old || isBetter) table.set(base, root);
  }
  const kept: Node[] = [];
  for (const root of roots) {
    const { base, isReply } = factsIn(root);
    const first = table.get(base);
    if (base === '' || !first || first === root) kept.push(root);
    else if (!first.message && !root.message)
      for (const child of [...root.children]) adopt(first, child);
    else if (!first.message || (isReply && !factsIn(first).isReply)) adopt(first, root);
    else {
      // Neither answers the other: both stand under one that is not here.
      const above: Node = { message: undefined, parent: undefined, children: [] };
      if (kept.includes(first)) kept.splice(kept.indexOf(first), 1);
      kept.push(above);
      adopt(above, first);
      adopt(above, root);
      table.set(base, above);
    }
  }
  return kept;
}

function adopt(parent: Node, child: Node): void {
  if (child.parent) abandon(child);
  child.parent = parent;
  parent.children.push(child);
}

function abandon(child: Node): void {
  const siblings = child.parent?.children;
  siblings?.splice(siblings.indexOf(child), 1);
  child.parent = undefined;
}

/** Whether it is the other one, or somewhere beneath it. */
function isBelow(node: Node, other: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (at === other) return true;
  return false;
}
