/** `--header 'List-Id: <x.example.org>'` of `send`: fields of the message that have no option of their own. */
import type { ComposeMessage } from '@fivewire/compose';
import { usage } from '../exit-code.js';
import { line } from '../output.js';

type Fields = Pick<ComposeMessage, 'headers' | 'inReplyTo' | 'references'>;

/** @throws Failure 64 for what is no field; one of a field that has an option is the composer's to refuse */
export function givenFields(given: readonly string[]): Fields {
  const headers: Record<string, string[]> = {};
  const own: { inReplyTo?: string; references?: string[] } = {};
  // The composer takes In-Reply-To and References under names of their own (RFC 5322 §3.6.4).
  for (const field of given) {
    const [, name = '', value = ''] = /^([^\s:]+)[ \t]*:(.*)$/s.exec(field) ?? [];
    if (name === '' || value.trim() === '')
      throw usage(`--header ${line(field)} is no header field`, "Write it as 'Name: value'.");
    const lower = name.toLowerCase();
    if (lower === 'in-reply-to') own.inReplyTo = value.trim();
    else if (lower === 'references') own.references = value.trim().split(/\s+/);
    else headers[name] = [...(headers[name] ?? []), value.trim()];
  }
  return { ...own, ...(Object.keys(headers).length === 0 ? {} : { headers }) };
}
