/** A server that has had enough: too many connections at once, or too many commands on one. */
import type { TestProtocol } from '../line-server.js';

export interface Throttle {
  /** Connections at once; one more is refused (421, BYE, 400) and closed. */
  connections?: number;
  /** Commands on one connection; the next is answered by the same and the end. */
  commands?: number;
}

const refusals: Readonly<Record<TestProtocol, (why: string) => string>> = {
  ftp: (why) => `421 ${why}, try again later`,
  imap: (why) => `* BYE [UNAVAILABLE] ${why}, try again later`,
  pop3: (why) => `-ERR [SYS/TEMP] ${why}, try again later`,
  smtp: (why) => `421 4.7.0 ${why}, try again later`,
  nntp: (why) => `400 ${why}, try again later`,
};

export const refusal = (protocol: TestProtocol, why: string): string => refusals[protocol](why);
