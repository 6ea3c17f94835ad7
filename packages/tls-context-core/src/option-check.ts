/** Options are refused whole where one is unknown or of the wrong type: a typo must never disarm a check in silence. */

import { UsageError } from './errors.js';

/** What an option may be: a test, and the same in words. */
export type Rule = readonly [accepts: (value: unknown) => boolean, expected: string];
export type Rules<Options> = Readonly<Record<keyof Options, Rule>>;

/**
 * Holds options against their rules; `undefined` is the same as absent.
 *
 * @throws UsageError `ERR_ARGUMENT` whose `argument` names the option.
 */
export function checkOptions<Options extends object>(
  options: Options,
  rules: Rules<Options>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw badOption('options', 'must be an object');
  }
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, key)) throw unknownOption(key, Object.keys(rules));
    const [accepts, expected] = rules[key as keyof Options];
    if (value !== undefined && !accepts(value)) throw badOption(key, `must be ${expected}`);
  }
}

export const badOption = (argument: string, problem: string): UsageError =>
  new UsageError('ERR_ARGUMENT', `${argument} ${problem}`, {
    argument,
    hint: `Correct the option ${argument}; the defaults are safe.`,
  });

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

function unknownOption(key: string, known: readonly string[]): UsageError {
  const ours = Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
  return new UsageError('ERR_ARGUMENT', `there is no option ${key}`, {
    argument: key,
    hint: ours ? `Use ${ours}.` : `The options are ${known.join(', ')}.`,
  });
}
