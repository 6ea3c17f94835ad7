/** What a server sent, as a line that is harmless in a terminal and a log. */

/** Control, invisible and non-ASCII characters as `\u{…}`, at most `limit` characters. */
export function escapeText(text: string, limit = 300): string {
  const shown = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return shown.replace(
    /[\u0000-\u001f\u007f-\u009f\p{Default_Ignorable_Code_Point}\p{Surrogate}]/gu,
    (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
