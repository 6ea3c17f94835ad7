/** What a dialogue is played on: a socket's session, or a stream in memory. */
export interface DialogueConnection {
  /** Whether the client has sent more than was read. */
  readonly hasInput: boolean;
  /** The next line without CRLF, octets as Latin-1; `undefined` at the client's end. */
  line(): Promise<string | undefined>;
  /** What has come, at least an octet; `undefined` at the client's end. */
  chunk(): Promise<Buffer | undefined>;
  octets(count: number): Promise<Buffer>;
  write(octets: Buffer): Promise<void>;
  /** Ends it politely. */
  end(): Promise<void>;
  reset(): void;
  /** After a mismatch. */
  breakOff(): void;
  /** Reads nothing more, until `secureNow`. */
  holdInput(): void;
  secureNow(): Promise<void>;
}
