/** SCRAM's SaltedPassword kept between logins (RFC 5802 section 5.1): half a second of CPU at 600,000 iterations, spent once. */

/** Hash, prepared password, salt as base64, iteration count: all that SaltedPassword is made of. */
type Place = readonly [string, string, string, number];

/** Opaque: what it holds is as good as passwords, and neither `util.inspect` nor JSON shows it. It lives as long as you keep it. */
export interface SaltedPasswords {
  get(place: Place): Uint8Array | undefined;
  set(place: Place, salted: Uint8Array): void;
}

const known = new WeakSet<object>();

/**
 * A store to hand to `connect` as `saltedPasswords`, and to share among connections and pools. What is kept was proven by the
 * server's signature.
 *
 * @param keep how many, the oldest go first. Default 100.
 */
export function createSaltedPasswords(keep = 100): SaltedPasswords {
  const held = new Map<string, Uint8Array>();
  const store: SaltedPasswords = {
    get: (place) => held.get(JSON.stringify(place)),
    set(place, salted) {
      held.set(JSON.stringify(place), salted);
      const [oldest] = held.keys();
      if (held.size > keep && oldest !== undefined) held.delete(oldest);
    },
  };
  known.add(store);
  return store;
}

export const isSaltedPasswords = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && known.has(value);
