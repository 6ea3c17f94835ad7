/** Servers that refuse a client in their greeting: whether they would do so again in a while. */
import type { ProtocolName, ServerReply } from 'tls-context-core';
import { passes, refusalVerdict } from './refusal.js';

const lasting = 'The server takes no connection from here: its words say why.';

/**
 * The words decide, as of a login; where they say nothing the code does, where the protocol has one.
 *
 * @returns a hint where connecting again changes nothing; `undefined` where it may
 */
export function lastingRefusal(reply: ServerReply, protocol: ProtocolName): string | undefined {
  const { reason, hint } = refusalVerdict({ reply, credential: 'password', protocol });
  if (passes(reason)) return undefined;
  if (reason !== 'wrong' && reason !== 'mechanism') return hint;
  return /^5\d\d$/.test(String(reply.code)) ? lasting : undefined;
}
