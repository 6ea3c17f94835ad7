/** How an attack ends. */
import type { FivewireError, Phase } from 'tls-context-core';
import type { Picture } from './targets/target.js';

type ErrorCode =
  | 'ERR_AUTHENTICATION_FAILED'
  | 'ERR_COMMAND_REJECTED'
  | 'ERR_CONNECTION_CLOSED'
  | 'ERR_LIMIT_EXCEEDED'
  | 'ERR_MALFORMED_RESPONSE'
  | 'ERR_NO_COMMON_MECHANISM'
  | 'ERR_PREAUTH'
  | 'ERR_SERVER_CLOSING'
  | 'ERR_STARTTLS_INJECTION'
  | 'ERR_STARTTLS_NOT_OFFERED'
  | 'ERR_STARTTLS_REFUSED'
  | 'ERR_TIMEOUT'
  | 'ERR_TLS_HANDSHAKE';

/**
 * `secured`: the attack is shrugged off: the client comes to a verified session, and sees what it would see without it.
 * Otherwise `connect` fails with this code, in this phase.
 */
export type Outcome = 'secured' | `${ErrorCode} in ${Phase}`;

export interface Verdict {
  outcome: Outcome;
  /** What differs from a session without the attack, said by the server itself under TLS. Default: nothing. */
  differs?: Picture;
}

export const outcomeOf = (error: FivewireError): string => `${error.code} in ${error.phase}`;

const patient = 4_000;
const short = 400;
/** Answers come before the one that does not, and must not be late on a slow machine. */
const shortForReplies = 1_000;

/** Long ones, so that a slow machine changes no verdict, and a short one where the verdict is a timeout. */
export function timeoutsFor(outcome: string): Record<string, number> {
  const [, phase] = /^ERR_TIMEOUT in (\w+)$/.exec(outcome) ?? [];
  const awaited = phase === 'greeting' || phase === 'tls' ? phase : 'reply';
  const timeouts = { connect: patient, greeting: patient, tls: patient, reply: patient };
  const briefly = awaited === 'reply' ? shortForReplies : short;
  return { ...timeouts, close: short, ...(phase === undefined ? {} : { [awaited]: briefly }) };
}
