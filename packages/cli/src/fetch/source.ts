/** Where mail comes from: what is new there, one message after the other. */
import type { Readable } from 'node:stream';

/** A number where the protocol has numbers (IMAP, NNTP), else a text (POP3). */
export type MessageId = number | string;

export interface Incoming {
  /** What the messages of this box are told apart by, now and in later runs. */
  id: MessageId;
  body: Readable;
  /** When it arrived at the server, where the server tells. */
  arrived?: Date | undefined;
  /** To be called when the message is safe: remembers it, then deletes it where that is wished. */
  done(): Promise<void>;
}

/** One that could not be had. The others are not touched by it. */
export interface Unavailable {
  problem: string;
}

/** What has been fetched before. */
export interface Seen {
  has(box: string, id: MessageId): boolean;
  /** When, where that is known. */
  since(box: string, id: string): Date | undefined;
  /** Its octets, where they were told. */
  octets(box: string, id: string): number | undefined;
  add(box: string, id: MessageId, octets?: number): Promise<void>;
  /** The server has removed it: it may give the id to another. With it goes what was known of copies, `id#1`, `id#2`, … */
  forget(box: string, id: string): Promise<void>;
}

export interface SourceOptions {
  seen: Seen;
  /** Delete each message once it is safe, and those of earlier runs that are still there. */
  remove: boolean;
  /** With `remove`: messages stay for so many days. By IMAP from their arrival, by POP3 from when they were fetched. */
  keepDays: number;
  /** IMAP: only those without \Seen. */
  unseen: boolean;
  /** Octets: larger ones are left where they are, and are no failure. */
  maxSize: number;
  /** The most messages to fetch. */
  limit: number;
  signal: AbortSignal;
  warn(text: string): void;
}

export type Arrivals = AsyncGenerator<Arrival, void, undefined>;
export type Arrival = (Incoming & { box: string }) | Unavailable;
