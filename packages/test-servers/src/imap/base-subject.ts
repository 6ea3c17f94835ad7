/** A subject without what answers and forwards add to it, RFC 5256 §2.1. */
import { decodeWords } from './encoded-words.js';

export interface BaseSubject {
  /** In upper case, for comparisons. */
  base: string;
  isReply: boolean;
}

/** @param subject octets as Latin-1 */
export function baseSubject(subject: string): BaseSubject {
  let text = decodeWords(subject).replace(/\s+/g, ' ').trim();
  let isReply = false;
  for (;;) {
    const before = text;
    // (2) subj-trailer = "(fwd)" / WSP
    while (/\(fwd\)$/i.test(text)) {
      text = text.slice(0, -5).trimEnd();
      isReply = true;
    }
    for (;;) {
      // (3) subj-leader = (*subj-blob subj-refwd) / WSP; subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
      const leader = /^(?:\[[^[\]]*\] *)*(?:re|fwd?) *(?:\[[^[\]]*\])? *: */i.exec(text);
      if (leader) {
        text = text.slice(leader[0].length);
        isReply = true;
        continue;
      }
      // (4) subj-blob, unless nothing would be left
      const rest = text.replace(/^\[[^[\]]*\] */, '');
      if (rest === '' || rest === text) break;
      text = rest;
    }
    // (6) subj-fwd-hdr = "[fwd:" … "]"
    const forwarded = /^\[fwd:(.*)\]$/is.exec(text);
    if (forwarded) {
      text = (forwarded[1] ?? '').trim();
      isReply = true;
    }
    if (text === before) return { base: text.toUpperCase(), isReply };
  }
}
