/** Options are refused whole where one is unknown or of the wrong type: a typo must never disarm a check in silence. */

import { UsageError } from './errors.js';

/** What an option may be: a test, and the same in words. */
export type Rule = readonly [accepts: (value: unknown) => boolean, expected: string];
export type Rules<Options> = Readonly<Record<keyof Options, Rule>>;

/** Where options stand, for those of second rank, and what people write there who come from other libraries. */
export interface OptionsPlace {
  /** The argument that these are options of, as `timeouts` or `messages[0]`; none: they are the call's own. */
  at?: string;
  /** Their word → ours. */
  instead?: Readonly<Record<string, string>>;
}

/**
 * Holds options, of whatever rank, against their rules; `undefined` is the same as absent.
 *
 * @throws UsageError `ERR_ARGUMENT` whose `argument` names the option, as `timeouts.reply`
 */
export function checkOptions<Options extends object>(
  options: Options,
  rules: Rules<Options>,
  { at, instead = {} }: OptionsPlace = {},
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw badOption(at ?? 'options', 'must be an object');
  }
  for (const [key, value] of Object.entries(options)) {
    const argument = at === undefined ? key : `${at}.${key}`;
    if (!Object.hasOwn(rules, key)) {
      const ours = Object.hasOwn(instead, key) ? instead[key] : undefined;
      throw unknownOption(argument, Object.keys(rules), ours ?? elsewhereOf(key));
    }
    const [accepts, expected] = rules[key as keyof Options];
    if (value !== undefined && !accepts(value)) throw badOption(argument, `must be ${expected}`);
  }
}

/** The error for an argument that is wrong: every client's words and fields. @param problem as `must be a list` */
export const badOption = (
  argument: string,
  problem: string,
  hint: string = `Correct the option ${argument}; the defaults are safe.`,
): UsageError => new UsageError('ERR_ARGUMENT', `${argument} ${problem}`, { argument, hint });

/** The error for an option that there is not. @param instead what to write in its place */
export const unknownOption = (
  argument: string,
  known: readonly string[],
  instead?: string,
  hint: string = instead === undefined ? `The options are ${known.join(', ')}.` : `Use ${instead}.`,
): UsageError =>
  new UsageError('ERR_ARGUMENT', `there is no option ${argument}`, { argument, hint });

export const isText = (value: unknown): boolean => typeof value === 'string';
export const isOctets = (value: unknown): boolean => value instanceof Uint8Array;
export const isFlag = (value: unknown): boolean => typeof value === 'boolean';

/** One of a few words. */
export const oneOf = (...words: readonly string[]): Rule => [
  (value) => words.includes(value as string),
  words.map((word) => `'${word}'`).join(' or '),
];

/** Names from `node:tls`, Python and other clients, and what to write instead. */
const elsewhere: Readonly<Record<string, string>> = {
  rejectUnauthorized: "verifyMode: 'none' together with checkHostname: false, in the TlsContext",
  requestCert: 'nothing: the server is always asked for its certificate',
  checkServerIdentity:
    "pins, or trust: 'pins' for a self-signed server; names are always checked by RFC 9525",
  servername: 'serverHostname, beside the context: it is who the peer must be',
  serverHostname: 'serverHostname beside the context: one context serves many names',
  server_hostname: 'serverHostname, beside the context',
  check_hostname: 'checkHostname',
  verify_mode: 'verifyMode',
  host: 'host beside the context',
  port: 'port beside the context',
  ALPNProtocols: 'alpn',
  secureProtocol: 'minVersion and maxVersion',
  secureContext: 'a TlsContext',
  session: 'sessions: a SessionScope',
  cafile: 'ca: readFileSync(file)',
  pskCallback: 'a certificate: pre-shared keys prove no name',
  tls: 'context: createTlsContext(options)',
};

const elsewhereOf = (key: string): string | undefined =>
  Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
