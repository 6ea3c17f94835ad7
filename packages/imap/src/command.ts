/** A command as the runner takes it, and while it is under way. */
import type { CallOptions, Fifo, SourcePace } from '@fivewire/line-protocol';
import type { Phase } from 'tls-context-core';
import type { Argument } from './grammar/encoder.js';
import type { Frame } from './grammar/frame.js';
import type { Response, TaggedResponse } from './grammar/response.js';
import type { BodySink } from './response-reader.js';
import type { WireUse } from './wire-sharing.js';

export type { CallOptions };

/** A sink that belongs to a consumer who reads. */
export interface StreamedSink extends BodySink {
  /** Octets that wait for the consumer. */
  readonly buffered: number;
  /** Resolves when the consumer has taken some, or is gone. */
  ready(): Promise<void>;
}

/** An object that keeps rows for a consumer. */
export interface Holder {
  /** Octets kept. */
  readonly held: number;
  /** Resolves when the consumer has taken some, or is gone. */
  ready(): Promise<unknown>;
}

/** The octets of a literal, and the pace by which their source is pulled. */
export interface StreamedBody {
  pieces: AsyncIterator<Uint8Array>;
  pace: SourcePace;
}

export interface Command {
  verb: string;
  args?: readonly Argument[];
  /** With which others it may be on the wire. Default: alone, as commands that change state and dialogues must be. */
  wire?: WireUse;
  /** Lets every other command go first. */
  yields?: boolean;
  /** Called when it goes out. */
  onSent?(tag: string): void;
  /**
   * Takes an untagged response that belongs to this command; true when taken. `sole` says whether no other command in
   * flight takes responses of this kind: only then may one be taken that names no command.
   */
  claim?(response: Response, frame: Frame, sole: () => boolean): boolean;
  /** The octets of the literals that are streamed, in their order. */
  bodies?: readonly StreamedBody[];
  /**
   * Takes the body of `size` octets whose announcement ends `text`, when it is too long to be kept. `sole` as for
   * {@link claim}. Nothing more is sent until the command is answered.
   */
  sinkFor?(text: string, size: number, sole: () => boolean): StreamedSink | undefined;
  /** The server's `+`, where it does not ask for a literal. */
  onContinuation?(text: string): void;
  /** Makes way for other commands: IDLE's DONE. */
  interrupt?(): void;
  /** No deadline: the server is silent until something happens. */
  mayBeSilent?(): boolean;
  /** Who keeps what is claimed until a consumer takes it. */
  holder?: Holder;
  /** No caller waits for it at the moment: in the queue it does not count as pending. */
  background?(): boolean;
  /** The last command in clear: the reader loop stops at its tagged response, before another octet is looked at. */
  stopsReader?: boolean;
  /**
   * Doing it twice is not the same as doing it once: when it went out and its answer is lost, the outcome is unknown, and
   * this is how the caller can find out.
   */
  findOut?: string;
  /**
   * What it asks for comes in untagged responses. Where one of these names cannot be read, or where nothing came for it and
   * something else cannot be read, its OK is an error: what was not understood must not look like what is not there.
   */
  answeredBy?: readonly string[];
  /** It goes on by itself where the server did only a part (MESSAGELIMIT, RFC 9738). */
  goesOn?: true;
  /** A NO that is an answer, and no refusal. */
  answersByNo?(response: TaggedResponse): boolean;
  phase?: Phase;
}

/** A command in the queue or on the wire. */
export interface Entry {
  readonly command: Command;
  readonly timeout: number;
  resolve(response: TaggedResponse): void;
  reject(error: unknown): void;
  /** Where it stands in the queue. */
  place: ReturnType<Fifo<Entry>['push']> | undefined;
  tag: string;
  /** As logs and errors show it. */
  masked: string;
  /** All of it is on its way. */
  sent: boolean;
  /** Its body goes to a consumer, who sets the pace. */
  streams: boolean;
  /** We are waiting for the source of its body, not for the server. */
  waitsForSource: boolean;
  response: TaggedResponse | undefined;
  /** Something that came was its own. */
  claimed: boolean;
  /** What was wrong with a line that came meanwhile. */
  unread: string | undefined;
  /** The same for one of those that answer it. */
  unreadAnswer: string | undefined;
}

export const newEntry = (
  command: Command,
  timeout: number,
  reject: (error: unknown) => void,
): Entry => ({
  command,
  timeout,
  reject,
  resolve: () => {},
  place: undefined,
  tag: '',
  masked: command.verb,
  sent: false,
  streams: false,
  waitsForSource: false,
  response: undefined,
  claimed: false,
  unread: undefined,
  unreadAnswer: undefined,
});
