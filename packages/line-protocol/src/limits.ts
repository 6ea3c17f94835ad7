/** Caps on what a server may make us hold: a client's table of defaults in, the limits of one connection out. */
import { type ProtocolName, UsageError } from 'tls-context-core';

/** @throws UsageError `ERR_ARGUMENT` for a name that has no default, and for what is no number from 1 */
export function checkLimits<L extends object>(
  protocol: ProtocolName,
  defaults: L,
  given: { readonly [name: string]: unknown } = {},
): L {
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(defaults, name) && typeof value === 'number' && value >= 1) continue;
    throw new UsageError(
      'ERR_ARGUMENT',
      `limits.${name} is no limit, or ${String(value)} is no value for it`,
      {
        protocol,
        argument: `limits.${name}`,
        hint: `Known: ${Object.keys(defaults).join(', ')}; each a number from 1.`,
      },
    );
  }
  return { ...defaults, ...given };
}
