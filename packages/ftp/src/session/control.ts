/** The control connection and the queue before it: calls made at once wait for each other, and simple ones overlap. */
import {
  aborted,
  type CommandLine,
  type LineConnection,
  type Notices,
  onAbort,
  type PendingCalls,
  type Reply,
  ReplyQueue,
  type Turn,
} from '@fivewire/line-protocol';
import type { CallOptions } from '../types.js';
import { Dialogue, noteReply, noticesOf } from './dialogue.js';
import type { ServerTraits } from './server-traits.js';
import { straysOf } from './strays.js';

export class Control {
  readonly connection: LineConnection;
  readonly notices: Notices;
  readonly #traits: ServerTraits;
  readonly #queue: ReplyQueue;

  /** @param welcome the reply to the login: the first notice */
  constructor(connection: LineConnection, traits: ServerTraits, welcome: Reply | undefined) {
    this.connection = connection;
    this.notices = noticesOf(connection);
    this.#traits = traits;
    if (welcome !== undefined) noteReply(connection, welcome);
    this.#queue = new ReplyQueue(connection, {
      style: 'ftp',
      unsolicited: (reply) => {
        noteReply(connection, reply);
        return reply.code === 421 ? 'closing' : 'noted';
      },
    });
    void connection.closed.then(() => this.notices.end());
    connection.onUnawaited?.(); // what came behind the last reply to connecting
  }

  /** Whether commands may be sent before the reply to the last one has come. */
  get pipelining(): boolean {
    return this.#traits.pipelining === 'proven' && !straysOf(this.connection).any;
  }

  /** The calls that wait behind the one that runs. */
  get calls(): PendingCalls {
    return this.#queue.calls;
  }

  /**
   * Has the connection to itself until `work` ends. Work that ends early must have read its replies.
   *
   * An abort rejects at once, and `work` reads on; but once `work` has said that it settles aborts itself, its own end is awaited,
   * for only then is it known whether the connection outlives it.
   */
  hold<T>(
    what: string,
    { signal, ...options }: CallOptions,
    work: (dialogue: Dialogue) => Promise<T>,
  ): Promise<T> {
    const given = () => signal?.aborted && aborted(signal, { command: what }, 'usable');
    const before = given();
    if (before) return Promise.reject(before);
    let dialogue: Dialogue | undefined;
    const working = this.#enqueue(what, options, async (turn) => {
      await turn.toRead();
      const error = given();
      if (error) throw error;
      dialogue = new Dialogue(this.connection, this.#timeout(options));
      return work(dialogue);
    });
    if (signal === undefined) return working;
    return new Promise<T>((resolve, reject) => {
      const stop = () => {
        if (dialogue?.settlesAborts) return;
        working.catch(() => {});
        reject(aborted(signal, { command: what }, 'usable'));
      };
      working.then(resolve, reject).finally(onAbort(signal, stop));
    });
  }

  /** One flight of commands and the reply to each, whatever its class. What others ask may follow at once. */
  ask(lines: readonly CommandLine[], options: CallOptions = {}): Promise<Reply[]> {
    const dialogue = new Dialogue(this.connection, this.#timeout(options));
    return this.#enqueue(lines[0]?.masked ?? '', options, async (turn) => {
      const replies: Reply[] = [];
      if (this.pipelining) {
        dialogue.send(...lines);
        turn.wrote();
        await turn.toRead();
        for (const line of lines) replies.push(await dialogue.final(line));
      } else {
        await turn.toRead();
        for (const line of lines) replies.push(await dialogue.ask(line));
      }
      return replies;
    });
  }

  /** One command that must succeed. */
  async demand(line: CommandLine, options: CallOptions = {}): Promise<Reply> {
    const [reply] = await this.ask([line], options);
    return new Dialogue(this.connection, 0).succeeded(reply as Reply, line);
  }

  #timeout({ timeout }: CallOptions): number {
    return timeout ?? this.connection.timeouts.reply;
  }

  #enqueue<T>(what: string, options: CallOptions, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(aborted(signal, { command: what }, 'usable'));
    return this.#queue.run(work, {
      phase: 'command',
      command: what,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
