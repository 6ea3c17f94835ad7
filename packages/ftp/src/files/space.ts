/** How much room there is: AVBL (draft-peterson-streamlined-ftp-command-extensions §4), XQUOTA (Serv-U and its kin). */
import type { Reply } from '@fivewire/line-protocol';
import { wholeNumber } from '../listing/dialect.js';
import { command } from '../session/dialogue.js';
import { rejected, saysUnknown } from '../session/failures.js';
import { missing } from '../session/missing.js';
import { hasFeature, type Session } from '../session/session.js';
import type { CallOptions, Space } from '../types.js';

export async function space(session: Session, path: string, options: CallOptions): Promise<Space> {
  const { control, features, transport } = session;
  const mayAsk = (verb: string): boolean =>
    hasFeature(session, verb) || (features.size === 0 && !transport.disable.has(verb));
  let refusal: ReturnType<typeof rejected> | undefined;
  for (const line of [command('AVBL', path), command('XQUOTA')]) {
    if (!mayAsk(line.masked.split(' ', 1)[0] ?? '')) continue;
    const [reply] = (await control.ask([line], options)) as [Reply];
    if (reply.class >= 4) {
      refusal = rejected(reply, line.masked);
      if (!saysUnknown(reply)) throw control.connection.locate(refusal);
      continue;
    }
    const found = spaceIn(reply.lines);
    if (found !== undefined) return found;
    throw control.connection.unreadable('a number of octets', reply.text, line.masked);
  }
  throw missing(session, 'AVBL', 'tell how much room there is', refusal);
}

/** AVBL's text is a number; XQUOTA has a line for each, `unlimited` where there is no limit. */
export function spaceIn(lines: readonly string[]): Space | undefined {
  const available = lines.length === 1 ? countIn((lines[0] ?? '').trim()) : undefined;
  if (available !== undefined) return { available };
  const said = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0)
      said.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const number = (key: string) => countIn(said.get(key) ?? '');
  const used = number('disk usage');
  const limit = number('disk limit');
  const files = number('file count');
  const fileLimit = number('file limit');
  if (used === undefined && limit === undefined && !said.has('disk limit')) return undefined;
  // A figure that can't be read is not "unlimited".
  if (limit === undefined && /^-?\d/.test(said.get('disk limit') ?? '')) return undefined;
  return {
    ...(used !== undefined && limit !== undefined && { available: Math.max(0, limit - used) }),
    ...(used !== undefined && { used }),
    ...(limit !== undefined && { limit }),
    ...(files !== undefined && { files }),
    ...(fileLimit !== undefined && { fileLimit }),
  };
}

/** The number that a text begins with, where no unit stands behind it: `12 MB` are not twelve octets. */
const countIn = (text: string): number | undefined =>
  /^\d+\s+(?:[kmgtp]i?b?|blocks?)\b/i.test(text)
    ? undefined
    : wholeNumber(text.split(' ', 1)[0] ?? '');
