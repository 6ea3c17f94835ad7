/** Caps on what a server may make us hold: a client's table of defaults in, the limits of one connection out. */
import { badOption, type ProtocolName, unknownOption } from 'tls-context-core';
import { forProtocol } from './transport.js';

/** @throws UsageError `ERR_ARGUMENT` for a name that has no default, and for what is no number from 1 */
export function checkLimits<L extends object>(
  protocol: ProtocolName,
  defaults: L,
  given: { readonly [name: string]: unknown } = {},
): L {
  return forProtocol(protocol, () => {
    const known = Object.keys(defaults);
    const hint = `Known: ${known.join(', ')}; each a number from 1.`;
    for (const [name, value] of Object.entries(given)) {
      const argument = `limits.${name}`;
      if (!known.includes(name)) throw unknownOption(argument, known, undefined, hint);
      if (typeof value !== 'number' || !(value >= 1))
        throw badOption(argument, 'must be a number from 1', hint);
    }
    return { ...defaults, ...given };
  });
}
