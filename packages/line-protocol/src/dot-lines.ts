/** A short multi-line response as a whole: POP3 (RFC 1939 §3), NNTP (RFC 3977 §3.1.1). Long ones are `Rows` or bodies. */
import { contextOf, type Wait } from './deadline.js';
import type { LineConnection } from './line-connection.js';

/**
 * The lines up to the lone dot, without dot stuffing, each character an octet. More than `limits.replyOctets` ends the
 * connection.
 */
export async function readDotLines(connection: LineConnection, wait: Wait): Promise<string[]> {
  const { replyOctets } = connection.limits;
  const where = contextOf(wait);
  const lines: string[] = [];
  let octets = 0;
  for (;;) {
    const line = connection.takeBodyLine(where);
    if (line === undefined) {
      await connection.fill(wait);
      continue;
    }
    if (line === '.') return lines;
    octets += line.length + 2;
    if (octets > replyOctets) throw connection.exceeded('replyOctets', replyOctets, where);
    lines.push(line.startsWith('.') ? line.slice(1) : line);
  }
}
