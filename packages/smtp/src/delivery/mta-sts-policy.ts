/** What a domain says about its mail exchangers: the TXT record and the policy of MTA-STS, RFC 8461 §3.1, §3.2, §4.1. */
import { escapeText, RemoteProtocolError } from '@fivewire/line-protocol';
import { wrong } from '../arguments.js';

export interface MtaStsPolicy {
  /** `enforce`: only to the exchangers named here, over TLS that proves their names; `testing`: the same, as a rehearsal. */
  mode: 'enforce' | 'testing' | 'none';
  /** Patterns of host names: exact, or `*.` and a domain. Lower case. */
  mx: string[];
  /** For how long the policy holds, in seconds. */
  maxAge: number;
}

/** A policy is some hundred octets long; no domain has more exchangers than this. */
const limits = { mx: 100, maxAge: 31_557_600 };

/**
 * The policy's id from the TXT records of `_mta-sts.<domain>`; nothing where there is no record, or several (§3.1).
 *
 * @param records as `dns.resolveTxt` gives them: a list of strings each.
 * @throws UsageError `ERR_ARGUMENT`
 */
export function parseMtaStsRecord(records: readonly (readonly string[])[]): string | undefined {
  if (!isTextLists(records))
    throw wrong('records', 'must be a list of lists of strings', 'As `dns.resolveTxt` gives them.');
  // sts-text-record = "v=STSv1" 1*(field-delim field) [field-delim]; field-delim = *WSP ";" *WSP
  const texts = records
    .map((parts) => parts.join(''))
    .filter((text) => /^v=STSv1[ \t]*;/.test(text));
  if (texts.length !== 1) return undefined;
  const fields = texts[0]?.split(';').map((field) => field.trim()) ?? [];
  const ids = fields.flatMap(
    (field) => /^id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})$/.exec(field)?.[1] ?? [],
  );
  return ids[0];
}

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

const isTextLists = (value: unknown): boolean => Array.isArray(value) && value.every(isTexts);

const field = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*$/;
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const pattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})+$`);

/**
 * The policy in a file. Of a field that may stand once, the first counts; unknown fields are skipped (§3.2).
 *
 * @throws RemoteProtocolError `ERR_MALFORMED_RESPONSE`, `ERR_LIMIT_EXCEEDED`, UsageError `ERR_ARGUMENT`
 */
export function parseMtaStsPolicy(text: string): MtaStsPolicy {
  if (typeof text !== 'string') throw wrong('text', 'must be a string');
  const first = new Map<string, string>();
  const mx: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^[ \t]*$/.test(line)) continue;
    const [, name, value] = field.exec(line) ?? [];
    if (name === undefined || value === undefined) throw malformed('"name: value"', line);
    if (name === 'mx') mx.push(parsePattern(value));
    else if (!first.has(name)) first.set(name, value);
  }
  if (mx.length > limits.mx) throw tooManyMx();
  const version = first.get('version') ?? '';
  if (version !== 'STSv1') throw malformed('version: STSv1', version);
  const mode = first.get('mode') ?? '';
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none')
    throw malformed('mode: enforce, testing or none', mode);
  if (mode !== 'none' && mx.length === 0) throw malformed('at least one mx', text);
  return { mode, mx, maxAge: parseMaxAge(first.get('max_age') ?? '') };
}

/**
 * Whether an exchanger is one of those that the policy names: a wildcard is one label, the leftmost (§4.1).
 *
 * @throws UsageError `ERR_ARGUMENT`
 */
export function allowsMx(policy: Pick<MtaStsPolicy, 'mx'>, host: string): boolean {
  const mx = policy?.mx;
  if (!isTexts(mx)) throw wrong('policy.mx', 'must be a list of strings');
  if (typeof host !== 'string') throw wrong('host', 'must be a string');
  const name = host.toLowerCase().replace(/\.$/, '');
  const parent = name.slice(name.indexOf('.') + 1);
  return mx.some((allowed) =>
    allowed.startsWith('*.')
      ? name.indexOf('.') > 0 && allowed.slice(2) === parent
      : allowed === name,
  );
}

function parsePattern(value: string): string {
  const lower = value.toLowerCase().replace(/\.$/, '');
  if (lower.length > 255 || !pattern.test(lower)) throw malformed('a host name as mx', value);
  return lower;
}

function parseMaxAge(value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw malformed('max_age: seconds', value);
  return Math.min(Number(value), limits.maxAge);
}

function malformed(expected: string, line: string): RemoteProtocolError {
  const got = escapeText(line, 80);
  return new RemoteProtocolError('ERR_MALFORMED_RESPONSE', `Expected ${expected}, got "${got}"`, {
    expected,
    got,
    hint: "The domain's MTA-STS policy is broken: its operator must mend it (RFC 8461 §3.2).",
  });
}

const tooManyMx = (): RemoteProtocolError =>
  new RemoteProtocolError('ERR_LIMIT_EXCEEDED', `The policy names more than ${limits.mx} hosts`, {
    limit: 'mx',
    limitValue: limits.mx,
    hint: "The domain's MTA-STS policy is broken or hostile.",
  });
