/** Where mail goes, and the promise that it is safe there. */
import type { Failure } from '../exit-code.js';
import type { Row } from '../output.js';
import type { Incoming } from './source.js';

export interface Delivered {
  record: Row;
  /** What was done, in words; `''` for destinations that show it in their own way. */
  text: string;
  /** The record is what was asked for, and goes to stdout as it is. */
  isData?: true;
}

export type Delivery = Pick<Incoming, 'id' | 'body' | 'arrived'> & {
  box: string;
  /** The same for the same message in every run: SHA-256 of box and id, hex. */
  key: string;
};

export interface Destination {
  /**
   * Resolves when the message is safe: synced to disk, or taken by the command. The same message once more is no second
   * one, where the destination can tell.
   *
   * @throws ItemRefused: this message alone could not be delivered; all else ends the command
   */
  deliver(message: Delivery): Promise<Delivered>;
  close(): Promise<void>;
}

/** One message could not be delivered, and the next may be. */
export class ItemRefused extends Error {
  override readonly cause: Failure | undefined;
  constructor(message: string, cause?: Failure) {
    super(message);
    this.name = 'ItemRefused';
    this.cause = cause;
  }
}
