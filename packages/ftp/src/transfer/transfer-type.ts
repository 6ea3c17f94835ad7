/** TYPE, RFC 959 §3.1.1. Files are octets: always I. A is for listings of systems that would send them in EBCDIC. */
import { command, type Dialogue } from '../session/dialogue.js';
import type { Session } from '../session/session.js';

export async function setType(
  session: Session,
  dialogue: Dialogue,
  type: 'A' | 'I',
): Promise<void> {
  if (session.learned.type === type) return;
  await dialogue.demand(command('TYPE', type));
  session.learned.type = type;
}

export function listingType({ system }: Session): 'A' | 'I' {
  return /MVS|z\/OS|OS\/400|\bVM\b|TANDEM/i.test(system) ? 'A' : 'I';
}
