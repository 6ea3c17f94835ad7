/** The options of connecting that only FTP has, checked before anything is dialled. */
import { isIP } from 'node:net';
import {
  AuthenticationError,
  checkOptions,
  oneOf,
  type Rule,
  type Rules,
  rules,
  type Transport,
  UsageError,
} from '@fivewire/line-protocol';
import { pathArgument } from '../files/remote-path.js';
import type { ActiveOptions, FtpConnectOptions, FtpGateway, GatewayStyle } from '../types.js';
import type { Charset } from './charset.js';

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 255 && /^[\x21-\x7e]+$/.test(value);

const word: Rule = [isText, 'a word of visible ASCII'];
const orTrue = ([accepts, expected]: Rule): Rule => [
  (value) => value === true || accepts(value),
  `${expected}, or true`,
];

// RFC 5646 §2.1, as RFC 2640 §4 has it
const languageTag: Rule = [
  (value) => typeof value === 'string' && /^[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8}$/i.test(value),
  'a language tag such as "en"',
];

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;

const isRange = (value: unknown): boolean => {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last] = value;
  return isPort(first) && isPort(last) && first <= last;
};

const address: Rule = [(value) => typeof value === 'string' && isIP(value) !== 0, 'an IP address'];

const activeRules: Rules<ActiveOptions> = {
  ports: [isRange, 'two port numbers, the first and the last'],
  address,
  listen: address,
};

const styles: readonly GatewayStyle[] = [
  'user@host',
  'login, user@host',
  'user@gateway-user@host',
  'user@host gateway-user',
  'site',
  'open',
];

const gatewayRules: Rules<FtpGateway> = {
  style: oneOf(...styles),
  host: word,
  port: [isPort, 'a number from 1 to 65535'],
  user: [isText, 'a name of visible ASCII'],
  password: [(value) => typeof value === 'string', 'a text'],
};

/** For the profile: what is a plain value. The others are judged by {@link checkOwn}. */
export const ownRules: Readonly<Record<string, Rule>> = {
  virtualHost: orTrue(word),
  language: languageTag,
  clientName: [(value) => value === false || isText(value), 'a word of visible ASCII, or false'],
  compress: rules.flag,
  dataProtection: oneOf('private', 'unsafe-clear'),
  controlProtection: oneOf('private', 'unsafe-clear'),
  noopInterval: rules.milliseconds,
};

export const ownNames: readonly string[] = [
  ...Object.keys(ownRules),
  'directory',
  'active',
  'gateway',
];

/** @throws UsageError ERR_ARGUMENT; AuthenticationError ERR_CLEARTEXT_AUTH_REFUSED */
export function checkOwn(
  options: FtpConnectOptions,
  { security, options: ways }: Transport,
  charset: Charset,
): void {
  const { active, gateway, directory } = options;
  if (directory !== undefined) pathArgument(directory, charset, 'directory');
  if (active !== undefined && typeof active !== 'boolean') {
    checkOptions(active, activeRules, { at: 'active' });
  }
  const isDirect = [ways.dial, ways.proxy, ways.stream, ways.socketPath].every(
    (way) => way === undefined,
  );
  if (active !== undefined && active !== false && !isDirect) {
    throw new UsageError('ERR_ARGUMENT', 'Active mode needs a direct connection.', {
      protocol: 'ftp',
      argument: 'active',
      hint: 'No server can dial back through a proxy or a stream of yours: use passive mode.',
    });
  }
  if (gateway === undefined) return;
  checkOptions(gateway, gatewayRules, { at: 'gateway' });
  const missing = (['style', 'host'] as const).find((name) => gateway[name] === undefined);
  if (missing !== undefined) throw wrongGateway(missing, 'is missing');
  if (!/^(?:user@host|site|open)$/.test(gateway.style) && gateway.user === undefined) {
    throw wrongGateway('user', `is missing for the style ${gateway.style}`);
  }
  if (gateway.password === undefined || security !== 'cleartext' || options.allowCleartextAuth)
    return;
  throw new AuthenticationError(
    'ERR_CLEARTEXT_AUTH_REFUSED',
    'The password of the gateway would travel in clear; nothing was sent.',
    {
      protocol: 'ftp',
      phase: 'auth',
      connection: 'closed',
      hint: 'Say `allowCleartextAuth: true` as well, or use TLS.',
    },
  );
}

function wrongGateway(name: string, what: string): UsageError {
  return new UsageError('ERR_ARGUMENT', `gateway.${name} ${what}.`, {
    protocol: 'ftp',
    argument: `gateway.${name}`,
  });
}
