/** msg-id = "<" id-left "@" id-right ">", RFC 5322 §3.6.4. */
import { randomBytes } from 'node:crypto';
import { checkLine, wrong } from './check-values.js';

/** With its angle brackets, which may be left out. @throws UsageError `ERR_ARGUMENT` */
export function contentId(value: unknown, argument: string): string {
  checkLine(value, argument);
  const id = (value as string).trim();
  const bare = id.startsWith('<') && id.endsWith('>') ? id.slice(1, -1) : id;
  if (!/^[\x21-\x3b=\x3f-\x7e]{1,900}$/.test(bare))
    throw wrong(argument, `holds ${JSON.stringify(id.slice(0, 80))}, which is no Message-ID`, hint);
  return `<${bare}>`;
}

/** As {@link contentId}; without angle brackets it is told from any other word by its `@`. @throws UsageError `ERR_ARGUMENT` */
export function messageId(value: unknown, argument: string): string {
  const id = contentId(value, argument);
  const isAnyWord = !id.includes('@') && !(value as string).includes('<');
  if (isAnyWord)
    throw wrong(argument, `holds ${JSON.stringify(value)}, which is no Message-ID`, hint);
  return id;
}

/** One or several, in a list, separated by blanks or commas, or one behind the other: `1*msg-id`. */
export function messageIds(value: string | readonly string[], argument: string): string[] {
  if (Array.isArray(value)) return value.map((one, i) => messageId(one, `${argument}[${i}]`));
  checkLine(value, argument);
  return (value as string)
    .split(/(?<=>)[ \t]*,?[ \t]*(?=<)|[ \t]+/)
    .filter((one) => one !== '')
    .map((one) => messageId(one, argument));
}

export const newMessageId = (domain: string): string =>
  `<${randomBytes(18).toString('base64url')}@${domain}>`;

const hint = 'Write it as <unique-part@example.org>, in ASCII and without blanks.';
