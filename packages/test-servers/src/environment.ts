/** What the environment says about servers that run by themselves: `FIVEWIRE_USERS`, `FIVEWIRE_SMTP_STARTTLS_PORT`, … */
import type { SecurityMode } from './connection-record.js';
import type { TestProtocol } from './line-server.js';
import type { TestServersOptions } from './start-test-servers.js';
import type { WebOptions } from './web/web-server.js';

/** Ports of their own, above those that only root may open. */
const defaultPorts: Readonly<Record<TestProtocol, Readonly<Record<SecurityMode, number>>>> = {
  ftp: { cleartext: 3020, starttls: 3021, 'implicit-tls': 3990 },
  imap: { cleartext: 3143, starttls: 3144, 'implicit-tls': 3993 },
  pop3: { cleartext: 3110, starttls: 3111, 'implicit-tls': 3995 },
  smtp: { cleartext: 3025, starttls: 3587, 'implicit-tls': 3465 },
  nntp: { cleartext: 3119, starttls: 3120, 'implicit-tls': 3563 },
};

/** Those that are read; another one of that prefix is a mistake. */
const names = [
  'USERS',
  'NEWCOMER_PASSWORD',
  'GROUPS',
  'HOST',
  'NAMES',
  'CA_DIRECTORY',
  'WEB_PORT',
  'TOKEN',
  'LIKE',
  'PASSIVE_PORTS',
  'PASSIVE_HOST',
] as const;
const prefix = 'FIVEWIRE_';

export interface Settings {
  options: TestServersOptions & { web: WebOptions };
  /** Where the authority is kept. */
  caDirectory: string | undefined;
  /** What the certificate is for. */
  names: string[];
}

/** @throws Error that names the variable */
export function readEnvironment(environment: Readonly<NodeJS.ProcessEnv>): Settings {
  const of = (name: (typeof names)[number]): string | undefined =>
    environment[prefix + name] || undefined;
  checkNames(environment);
  const host = of('HOST') ?? '127.0.0.1';
  const [newcomers, token, like, groups, passiveHost] = [
    of('NEWCOMER_PASSWORD'),
    of('TOKEN'),
    of('LIKE'),
    of('GROUPS'),
    of('PASSIVE_HOST'),
  ];
  const passive = rangeOf(of('PASSIVE_PORTS') ?? '3200-3219');
  return {
    options: {
      host,
      users: usersOf(of('USERS') ?? 'alice:secret'),
      ...(newcomers === undefined ? {} : { newcomerPassword: newcomers }),
      ...(groups === undefined ? {} : { groups: listOf(groups) }),
      ...(like === undefined ? {} : { like }),
      web: {
        host,
        port: portOf('WEB_PORT', of('WEB_PORT') ?? '3080'),
        ...(token === undefined ? {} : { token }),
      },
      ...Object.fromEntries(
        Object.keys(defaultPorts).map((protocol) => [
          protocol,
          { ports: portsOf(protocol as TestProtocol, environment) },
        ]),
      ),
      ftp: {
        ports: portsOf('ftp', environment),
        passivePorts: passive,
        ...(passiveHost === undefined ? {} : { passiveHost }),
      },
    },
    caDirectory: of('CA_DIRECTORY'),
    names: ['localhost', '127.0.0.1', '::1', ...listOf(of('NAMES') ?? '')],
  };
}

const variableOf = (protocol: string, mode: string): string =>
  `${protocol}_${mode}_PORT`.toUpperCase().replaceAll('-', '_');

function checkNames(environment: Readonly<NodeJS.ProcessEnv>): void {
  const ports = Object.entries(defaultPorts).flatMap(([protocol, modes]) =>
    Object.keys(modes).map((mode) => variableOf(protocol, mode)),
  );
  const known = new Set([...names, ...ports].map((name) => prefix + name));
  for (const name of Object.keys(environment))
    if (name.startsWith(prefix) && !known.has(name))
      throw new Error(`${name} means nothing here; there are ${[...known].join(', ')}`);
}

function portsOf(
  protocol: TestProtocol,
  environment: Readonly<NodeJS.ProcessEnv>,
): Record<SecurityMode, number> {
  const ports = { ...defaultPorts[protocol] };
  for (const mode of Object.keys(ports) as SecurityMode[]) {
    const name = variableOf(protocol, mode);
    const given = environment[prefix + name];
    if (given) ports[mode] = portOf(name, given);
  }
  return ports;
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new Error(`${prefix}${name}: ${text} is no port`);
  return port;
}

function rangeOf(text: string): readonly [number, number] {
  const [, from = '', to = ''] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const [first, last] = [portOf('PASSIVE_PORTS', from), portOf('PASSIVE_PORTS', to)];
  if (first > last) throw new Error(`${prefix}PASSIVE_PORTS: ${text} ends before it begins`);
  return [first, last];
}

/** `alice:secret,bob:hunter2`: a name ends at the first colon, a password at the comma. */
function usersOf(text: string): Record<string, string> {
  return Object.fromEntries(
    listOf(text).map((entry) => {
      const colon = entry.indexOf(':');
      if (colon < 1) throw new Error(`${prefix}USERS: name:password,name:password`);
      return [entry.slice(0, colon), entry.slice(colon + 1)];
    }),
  );
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
