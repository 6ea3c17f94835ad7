/** The options that are the same for every command, and how they are read. */
import type { Args, OptionSpec, SecurityChoice, Settings } from './context.js';
import { optionalText, texts } from './context.js';
import { usage } from './exit-code.js';
import { homePath } from './paths.js';

export const globalOptions: Readonly<Record<string, OptionSpec>> = {
  security: {
    type: 'string',
    choices: ['implicit-tls', 'starttls', 'cleartext'],
    describe: 'How the connection is secured; default: by the URL’s scheme',
  },
  'server-hostname': {
    type: 'string',
    describe: 'Who the server must be, where that is not the host dialled',
  },
  ca: {
    type: 'string',
    array: true,
    describe: 'PEM file of authorities to trust, instead of the system’s',
  },
  pin: {
    type: 'string',
    array: true,
    describe: 'sha256/… of the public key, checked besides the chain',
  },
  cert: { type: 'string', describe: 'PEM file of the client certificate' },
  key: { type: 'string', describe: 'PEM file of its key, where --cert has none' },
  'tls-min': {
    type: 'string',
    choices: ['1.2', '1.3'],
    describe: 'The oldest TLS version; default 1.2',
  },
  proxy: { type: 'string', describe: 'socks5://, socks4a:// or http:// proxy' },
  timeout: { type: 'string', describe: 'Seconds of the longest single wait' },
  retry: { type: 'string', describe: 'Times to try again when the trouble may pass; default 0' },
  'limit-rate': { type: 'string', describe: 'Octets a second, such as 500k or 2M' },
  profile: { type: 'string', describe: 'Account of the configuration file' },
  config: {
    type: 'string',
    describe: 'Configuration file; default ~/.config/fivewire/config.yaml',
  },
  user: { type: 'string', describe: 'User name, where the URL has none' },
  netrc: { type: 'boolean', describe: 'Look user and password up in ~/.netrc' },
  'netrc-file': { type: 'string', describe: 'The same in another file' },
  'password-command': {
    type: 'string',
    describe: 'Shell command whose first line is the password',
  },
  'token-command': {
    type: 'string',
    describe: 'Shell command whose first line is an OAuth access token',
  },
  'password-stdin': { type: 'boolean', describe: 'Read the password from the first line of stdin' },
  keyring: {
    type: 'boolean',
    describe: 'Look the password up in the system’s keyring (login keyring keeps it there)',
  },
  'allow-cleartext-auth': {
    type: 'boolean',
    describe: 'Let the password travel under --security cleartext',
  },
  json: { type: 'boolean', describe: 'JSON lines on stdout' },
  quiet: { type: 'boolean', alias: 'q', describe: 'Only errors on stderr' },
  verbose: { type: 'count', alias: 'v', describe: 'More on stderr; -vv with stack traces' },
  trace: { type: 'boolean', describe: 'The dialogue on stderr, passwords masked' },
};

/** @throws Failure 64 */
export function readSettings(args: Args): Settings {
  const netrcFile = optionalText(args['netrc-file']);
  const minVersion = optionalText(args['tls-min']);
  return {
    security: args.security as SecurityChoice | undefined,
    serverHostname: optionalText(args['server-hostname']),
    ca: texts(args.ca),
    pins: texts(args.pin),
    cert: optionalText(args.cert),
    key: optionalText(args.key),
    minVersion: minVersion === undefined ? undefined : `TLSv${minVersion as '1.2' | '1.3'}`,
    proxy: optionalText(args.proxy),
    timeout: seconds(args.timeout),
    retries: wholeNumber(args.retry, '--retry') ?? 0,
    limitRate: octetRate(args['limit-rate']),
    user: optionalText(args.user),
    netrc: netrcFile ?? (args.netrc === true ? homePath('.netrc') : undefined),
    passwordCommand: optionalText(args['password-command']),
    tokenCommand: optionalText(args['token-command']),
    passwordStdin: args['password-stdin'] === true,
    keyring: args.keyring === true,
    allowCleartextAuth: args['allow-cleartext-auth'] === true,
    trace: args.trace === true,
  };
}

function seconds(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,6}(\.\d{1,3})?$/.test(String(value)) ? Number(value) * 1_000 : 0;
  if (number <= 0) throw usage(`--timeout ${value} is no number of seconds above 0`);
  return number;
}

export function wholeNumber(value: unknown, option: string): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(String(value))) return Number(value);
  throw usage(`${option} ${value} is no whole number`);
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

function octetRate(value: unknown): number | undefined {
  const rate = octetsOf(value);
  if (rate === undefined || rate > 0) return rate;
  throw usage(`--limit-rate ${value} is no rate`, 'Write octets a second: 20000, 500k, 2M.');
}

/** `500k` → octets. @throws Failure 64 */
export function octetCount(value: unknown, option: string): number | undefined {
  const count = octetsOf(value);
  if (count === undefined || count > 0) return count;
  throw usage(`${option} ${value} is no number of octets`, 'Write 20000, 500k, 2M.');
}

/** NaN where it is none. */
function octetsOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const [, number, unit = ''] = /^(\d{1,9})([kmg]?)$/i.exec(String(value)) ?? [];
  return Number(number) * (units[unit.toLowerCase()] ?? Number.NaN);
}

const spans: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `30d` → milliseconds. @throws Failure 64 */
export function duration(value: string, option: string): number {
  const [, number, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(value) ?? [];
  const span = Number(number) * (spans[unit] ?? Number.NaN);
  if (span > 0) return span;
  throw usage(`${option} ${value} is no span of time`, 'Write 90s, 15m, 12h, 30d or 4w.');
}
