/** A JSON line a message: header fields, text, and what is attached. */
import type { Destination } from './destination.js';
import { parseMessage } from './parsed.js';

export function openJsonLines(): Destination {
  return {
    async deliver({ key, id, box, body }) {
      const attachments: { filename: string | undefined; contentType: string; size: number }[] = [];
      const { headers, text } = await parseMessage(
        body,
        async ({ filename, contentType, content }) => {
          let size = 0;
          for await (const chunk of content) size += (chunk as Buffer).length;
          attachments.push({ filename, contentType, size });
        },
      );
      const record = {
        type: 'message',
        box,
        id,
        key,
        from: addressText(headers.get('from')),
        to: addressText(headers.get('to')),
        cc: addressText(headers.get('cc')),
        subject: headers.get('subject'),
        date: headers.get('date'),
        messageId: headers.get('message-id'),
        text,
        attachments,
      };
      return { record, text: JSON.stringify(record), isData: true };
    },
    async close() {},
  };
}

/** mailparser gives an object a field, or several where the field comes several times. */
function addressText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.map(addressText).join(', ');
  return (value as { text?: string } | undefined)?.text;
}
