/** A short multi-line response as a whole: POP3 (RFC 1939 §3), NNTP (RFC 3977 §3.1.1). Long ones are `Rows` or bodies. */
import { escapeText } from 'tls-context-core';
import { contextOf, type Wait } from './deadline.js';
import { decodeText } from './decode-text.js';
import type { LineConnection } from './line-connection.js';
import type { Notice, Notices } from './notices.js';

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

/**
 * As {@link readDotLines}, of lines that are names and their arguments, which hold no line end. A bare LF in a session whose lines end in CRLF
 * is told by `notices`, and what is behind it is a line of its own: else what the server can would be missing without a word.
 */
export async function readDotNames(
  connection: LineConnection,
  wait: Wait,
  notices: Notices,
): Promise<string[]> {
  const lines = await readDotLines(connection, wait);
  return lines.flatMap((line) => {
    if (!line.includes('\n')) return [line];
    notices.push(bareLf(wait.command ?? '', line));
    return line.split('\n').filter((name) => name !== '' && name !== '.');
  });
}

/** That a line of a session whose lines end in CRLF holds a bare LF, behind which another may stand. @param line each character an octet */
export const bareLf = (command: string, line: string): Notice => ({
  kind: 'bare-lf',
  text: `${command}: ${escapeText(decodeText(line), 500)}`,
});
