/** A message read by mailparser, as it flows: its header, its text, and each attachment in turn. */
import type { Readable } from 'node:stream';
import { MailParser } from 'mailparser';

export interface ParsedAttachment {
  filename: string | undefined;
  contentType: string;
  content: Readable;
}

export interface ParsedMessage {
  headers: Map<string, unknown>;
  text: string | undefined;
}

/** @param onAttachment must read `content` to its end */
export async function parseMessage(
  body: Readable,
  onAttachment: (attachment: ParsedAttachment) => Promise<void>,
): Promise<ParsedMessage> {
  const parser = new MailParser();
  let headers = new Map<string, unknown>();
  let text: string | undefined;
  parser.on('headers', (found: Map<string, unknown>) => {
    headers = found;
  });
  body.on('error', (error) => parser.destroy(error));
  for await (const part of body.pipe(parser) as AsyncIterable<Part>) {
    if (part.type === 'text') text = part.text;
    else {
      await onAttachment({
        filename: part.filename,
        contentType: part.contentType,
        content: part.content,
      });
      part.release();
    }
  }
  return { headers, text };
}

type Part =
  | { type: 'text'; text?: string }
  | {
      type: 'attachment';
      filename?: string;
      contentType: string;
      content: Readable;
      release(): void;
    };
