/** What passes from a source of mail to a copy of it. */
import type { Readable } from 'node:stream';

export interface NewMessage {
  /** What tells it from the others of its mailbox: a UID, or a Maildir's unique name. */
  id: string;
  /** As IMAP names them, without \Recent. */
  flags: readonly string[];
  /** When it arrived. */
  date: Date | undefined;
  /** With the line ends of the wire; long ones flow. */
  content: Buffer | LargeContent;
}

export interface LargeContent {
  /** Octets on the wire. */
  size: number;
  /** Once. */
  read(): Readable;
}

export type Change =
  | ({ type: 'new' } & NewMessage)
  | { type: 'flags'; id: string; flags: readonly string[] }
  /** Messages with pairs that the source has no more. */
  | { type: 'gone'; ids: readonly string[] }
  /** One that could not be read. The others are not touched by it. */
  | { type: 'problem'; id: string; text: string };

/** Where mail is copied to. Each call resolves when what it did is safe. */
export interface Target {
  /** Adds them, or finds those that a run before has added; in the same order. */
  put(messages: readonly NewMessage[]): Promise<readonly Stored[]>;
  setFlags(
    changes: readonly { id: string; before: string; flags: readonly string[] }[],
  ): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}

export type Stored = { id: string } | { problem: string };

/** Octets up to which a message is held whole. */
export const heldOctets: number = 1 << 20;

export const isHeld = (content: NewMessage['content']): content is Buffer =>
  Buffer.isBuffer(content);
export const sizeOf = (content: NewMessage['content']): number =>
  isHeld(content) ? content.length : content.size;
