/** SP (RFC 9051 §9) as servers write it: some put tabs between tokens. */

/**
 * A response with a space for each tab between its tokens. What stands in quotes stays, and so does the free text of a status response;
 * in LIST a tab between two spaces is a delimiter that nobody quoted (Exchange, MailKit#945).
 */
export function withoutTabs(text: string, isFreeText: boolean): string {
  if (isFreeText) return text.replace(/^\S*[ \t]+\S*[ \t]*/, (head) => head.replaceAll('\t', ' '));
  const between = /^\*[ \t]*X?L(?:IST|SUB)[ \t]/i.test(text) ? tabsInList : tabs;
  return text.replace(between, (found) => (found.startsWith('\t') ? ' ' : found));
}

const tabs = /"(?:[^"\\]|\\[\s\S])*"|\t/g;
const tabsInList = /"(?:[^"\\]|\\[\s\S])*"| \t(?= )|\t/g;
