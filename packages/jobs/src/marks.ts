/**
 * What is noted of a job beside the queue, where a kill cannot take it back: that it was begun, and how it ended. BullMQ gives a job
 * whose worker was killed to another one; by these marks that one knows whether there is anything left to do.
 */
import type { Redis } from 'ioredis';

export interface Ended {
  exit: number;
  problem?: string;
}

/** Seconds for which finished work is remembered: 30 days. */
export const remembered: number = 30 * 86_400;

export class Marks {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, queue: string) {
    this.#redis = redis;
    this.#prefix = `fivewire:${queue}`;
  }

  /**
   * @param attempt a name of its own: where the queue breaks off before it has answered, the same is asked again, and must not be
   *   taken for the work of another
   * @returns false where another attempt has begun it
   */
  async begin(key: string, attempt: string): Promise<boolean> {
    const at = this.#at('begun', key);
    if ((await this.#redis.set(at, attempt, 'EX', remembered, 'NX')) === 'OK') return true;
    return (await this.#redis.get(at)) === attempt;
  }

  /** That it was begun: it may be done again. How it has ended is never forgotten. */
  async forget(key: string): Promise<void> {
    await this.#redis.del(this.#at('begun', key));
  }

  async end(key: string, ended: Ended): Promise<void> {
    await this.#redis.set(this.#at('ended', key), JSON.stringify(ended), 'EX', remembered);
  }

  async ended(key: string): Promise<Ended | undefined> {
    const text = await this.#redis.get(this.#at('ended', key));
    return text === null ? undefined : JSON.parse(text);
  }

  #at(what: 'begun' | 'ended', key: string): string {
    return `${this.#prefix}:${what}:${key}`;
  }
}
