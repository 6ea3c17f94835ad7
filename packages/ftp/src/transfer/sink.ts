/** Where a download's octets go. */

export interface Sink {
  /** Octets that are there already. */
  readonly start: number;
  /** Whether what has come stays where this try fails, for another to go on with. */
  readonly goesOn: boolean;
  /** The first octet has come, or all of none: what stood in the target before may go now, and no earlier. */
  begin(): Promise<void>;
  /** Throws those away: the server can't go on from there. */
  restart(size?: number): Promise<void>;
  /** Takes a piece, and keeps it. A promise asks for a pause. Throws LocalError ERR_LOCAL_IO. */
  take(piece: Buffer): Promise<void> | undefined;
  /** All octets have come: resolves when they are written. */
  flush(): Promise<void>;
  /** They are proven whole: gives the file its name, ends the stream. */
  finish(): Promise<void>;
  /** They are not: leaves nothing, or the part to go on from, and says which. Never throws. */
  abandon(error: unknown): Promise<boolean>;
}

export interface SinkOptions {
  atomic: boolean;
  resume: boolean;
  start: number;
}
