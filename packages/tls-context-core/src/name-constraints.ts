/**
 * The names that an authority may vouch for. RFC 5280 §4.2.1.10 and §6.1, RFC 9525 §6.3.
 *
 * Held against each certificate below the authority, and against the name that we mean: a wildcard stands for an
 * excluded name without being it (the class of CVE-2025-61727).
 */

import { type Certificate, generalNameTags } from './certificate.js';
import { type DerElement, DerError, derTags, latin1, readDer, readOid } from './der.js';
import { escapeText } from './escape.js';
import { formatIpAddress } from './ip-address.js';
import { relativeNames } from './name-key.js';

/** A name that a constraint forbids, both as text. */
export interface ConstraintViolation {
  readonly reason: 'PERMITTED_VIOLATION' | 'EXCLUDED_VIOLATION' | 'UNSUPPORTED_CONSTRAINT';
  readonly name: string;
  readonly constraint: string;
}

/** GeneralName, or a base of one: the tag says the kind. */
type Name = Pick<DerElement, 'tag' | 'value'> & Partial<DerElement>;

interface Constraints {
  readonly permitted: readonly Name[];
  readonly excluded: readonly Name[];
}

const subtreeTags = { permitted: 0xa0, excluded: 0xa1 } as const;

// NameConstraints ::= SEQUENCE { permittedSubtrees [0] OPTIONAL, excludedSubtrees [1] SEQUENCE OF GeneralSubtree OPTIONAL }
function readConstraints(extension: Uint8Array): Constraints {
  const parts = readDer(extension, derTags.sequence).children;
  const basesOf = (wanted: number): Name[] =>
    parts.find(({ tag }) => tag === wanted)?.children.map(readSubtree) ?? [];
  const [permitted, excluded] = [basesOf(subtreeTags.permitted), basesOf(subtreeTags.excluded)];
  if (permitted.length + excluded.length === 0) throw new DerError('no constraint at all');
  return { permitted, excluded };
}

// GeneralSubtree ::= SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }, which have no other values
function readSubtree({ children: [base, ...range] }: DerElement): Name {
  if (!base) throw new DerError('a constraint without a base');
  if (range.some(({ tag, value }) => tag !== 0x80 || value.some((octet) => octet !== 0))) {
    throw new DerError('a constraint with a minimum or maximum');
  }
  return base;
}

/**
 * The first violation in a path, leaf first, or nothing.
 *
 * @param meant the name that a wildcard of the leaf stands for; absent where the leaf spells it out.
 */
export function constraintViolation(
  path: readonly Certificate[],
  meant: string | undefined,
): ConstraintViolation | undefined {
  for (const [depth, { nameConstraints }] of path.entries()) {
    if (nameConstraints === undefined || depth === 0) continue;
    const violation = violationBelow(nameConstraints, path.slice(0, depth), meant);
    if (violation) return violation;
  }
  return undefined;
}

function violationBelow(
  extension: Uint8Array,
  below: readonly Certificate[],
  meant: string | undefined,
): ConstraintViolation | undefined {
  try {
    const constraints = readConstraints(extension);
    // What is only issued anew under the same name is not held to it, but for the leaf (§6.1.3 b).
    const bound = below.filter((one, depth) => depth === 0 || !isSelfIssued(one));
    const names = [...bound.flatMap(namesOf), ...(meant === undefined ? [] : [dnsName(meant)])];
    const bases = constraints.permitted.length + constraints.excluded.length;
    if (names.length * bases > comparisonLimit) throw new DerError('too many to be compared');
    for (const name of names) {
      const violation = violationBy(name, constraints);
      if (violation) return violation;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { reason: 'UNSUPPORTED_CONSTRAINT', name: '', constraint: error.message };
  }
}

/** A certificate of 100 names below 600 constraints: a few milliseconds, so that no peer can keep us busy. */
const comparisonLimit = 1 << 16;

const dnsName = (name: string): Name => ({ tag: generalNameTags.dns, value: Buffer.from(name) });

const isSelfIssued = ({ subject, issuer }: Certificate): boolean =>
  Buffer.compare(subject.whole, issuer.whole) === 0;

function namesOf({ subject, generalNames }: Certificate): Name[] {
  const directory = { tag: generalNameTags.directory, value: subject.whole };
  return subject.value.length > 0 ? [directory, ...generalNames] : [...generalNames];
}

function violationBy(
  name: Name,
  { permitted, excluded }: Constraints,
): ConstraintViolation | undefined {
  const violation = (
    reason: ConstraintViolation['reason'],
    bases: readonly Name[],
  ): ConstraintViolation => ({
    reason,
    name: show(name),
    constraint: bases.slice(0, shownBases).map(show).join(', '),
  });
  const permittedAlike = permitted.filter((base) => isAlike(base, name));
  const excludedAlike = excluded.filter((base) => isAlike(base, name));
  const kind = kinds[name.tag];
  if (!kind) {
    const alike = [...permittedAlike, ...excludedAlike];
    return alike.length > 0 ? violation('UNSUPPORTED_CONSTRAINT', alike) : undefined;
  }
  const excluding = excludedAlike.find((base) => kind.within(name.value, base.value, 'excluded'));
  if (excluding) return violation('EXCLUDED_VIOLATION', [excluding]);
  const allowed =
    permittedAlike.length === 0 ||
    permittedAlike.some((base) => kind.within(name.value, base.value, 'permitted'));
  return allowed ? undefined : violation('PERMITTED_VIOLATION', permittedAlike);
}

const shownBases = 3;

/** Names of other kinds than the base's are none of its business (§4.2.1.10). */
function isAlike(base: Name, name: Name): boolean {
  if (base.tag !== name.tag) return false;
  if (base.tag !== generalNameTags.other) return true;
  const typeOf = ({ children }: Name): string => readOid(children?.[0]);
  return typeOf(base) === typeOf(name);
}

/** @param side which way doubt falls: a name of doubt is excluded, and not permitted. */
type Within = (name: Uint8Array, base: Uint8Array, side: 'permitted' | 'excluded') => boolean;

interface Kind {
  readonly within: Within;
  readonly text: (octets: Uint8Array) => string;
}

const asciiText = (octets: Uint8Array): string => latin1(octets).toLowerCase();

/** `example.org` covers itself and what is below; `.example.org`, which RFC 5280 does not know, what is below. */
const dnsWithin: Within = (name, base, side) => {
  const host = asciiText(name).replace(/\.$/, '');
  const limit = asciiText(base).replace(/\.$/, '');
  const bare = limit.replace(/^\./, '');
  if (bare === '') return true;
  if (host.endsWith(`.${bare}`)) return true;
  return host === bare && (side === 'excluded' || limit === bare);
};

/** Address and mask, 8 or 32 octets. */
const ipWithin: Within = (name, base, side) => {
  if (base.length !== 8 && base.length !== 32) return side === 'excluded';
  const half = base.length / 2;
  if (name.length !== half) return false;
  return name.every((octet, at) => {
    const mask = base[half + at] ?? 0;
    return (octet & mask) === ((base[at] ?? 0) & mask);
  });
};

/** `user@host` is that mailbox, `host` all on it, `.domain` all on hosts below it. */
const emailWithin: Within = (name, base, side) => {
  const address = latin1(name);
  const limit = latin1(base);
  const at = address.lastIndexOf('@');
  if (at < 0) return side === 'excluded';
  if (limit.includes('@')) {
    const local = limit.slice(0, limit.lastIndexOf('@'));
    return (
      address.slice(0, at) === local &&
      hostWithin(address.slice(at + 1), limit.slice(local.length + 1))
    );
  }
  return hostWithin(address.slice(at + 1), limit);
};

const uriWithin: Within = (name, base, side) => {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)/i.exec(latin1(name))?.[1];
  return host === undefined ? side === 'excluded' : hostWithin(host, latin1(base));
};

function hostWithin(host: string, limit: string): boolean {
  const [name, base] = [host.toLowerCase(), limit.toLowerCase()];
  if (base === '') return true;
  return base.startsWith('.') ? name.endsWith(base) : name === base;
}

const directoryWithin: Within = (name, base) => {
  const names = relativeNames(readDer(name));
  return relativeNames(readDer(base)).every((relative, at) => relative === names[at]);
};

const kinds: Readonly<Record<number, Kind>> = {
  [generalNameTags.dns]: { within: dnsWithin, text: latin1 },
  [generalNameTags.ip]: { within: ipWithin, text: showIp },
  [generalNameTags.email]: { within: emailWithin, text: latin1 },
  [generalNameTags.uri]: { within: uriWithin, text: latin1 },
  [generalNameTags.directory]: {
    within: directoryWithin,
    text: (octets) => relativeNames(readDer(octets)).join(', '),
  },
};

const show = ({ tag, value }: Name): string =>
  escapeText(kinds[tag]?.text(value) ?? 'a name of another kind', 100) || 'any name';

function showIp(octets: Uint8Array): string {
  if (octets.length !== 8 && octets.length !== 32) return formatIpAddress(octets);
  const half = octets.length / 2;
  return `${formatIpAddress(octets.subarray(0, half))}/${formatIpAddress(octets.subarray(half))}`;
}
