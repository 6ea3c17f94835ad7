/**
 * nodemailer's `{ prepared: true, value }`: a field that it writes as it is. Folds may be in it (RFC 5322 §2.2.3), and no other field.
 *
 * Such values come in `headers` of the message and of each part of it, in `subject` and its like, in `html: { headers }`, and by plugins: all of
 * them stand in the compiled message, so that it is looked at, and not the ways there.
 */
import { wrong } from './check-values.js';

/** The part of nodemailer's MimeNode that says what it writes. */
export interface CompiledNode {
  /** Fields as they were given. */
  _headers?: readonly { key: unknown; value: unknown }[];
  childNodes?: readonly CompiledNode[];
}

/** @throws UsageError `ERR_ARGUMENT` for a value that would begin another field */
export function checkPreparedFields(message: CompiledNode): void {
  const nodes = [message];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    for (const { key, value } of node._headers ?? []) {
      const { prepared, value: text } = (value ?? {}) as { prepared?: unknown; value?: unknown };
      if (prepared && /(?:\r\n|\r(?!\n)|\n)(?![ \t])|\0/.test(String(text)))
        throw wrong(
          `headers.${key}`,
          'is prepared, and holds NUL or a line end without a blank behind it',
        );
    }
    nodes.push(...(node.childNodes ?? []));
  }
}
