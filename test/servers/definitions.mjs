// The definitions: one server.json a server, read and filled in for whoever runs it.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * @typedef {{ port: number, greeting?: string, implicitTls?: boolean, internal?: boolean, count?: number }} Port
 *   `greeting` is what the first line must match before the suite starts; `internal` is for the other servers only;
 *   `count` makes it a range, for passive FTP.
 * @typedef {{ command: string[], user?: string, endSignal?: string }} Process
 *   `endSignal` instead of SIGTERM, which innd heeds only when the next article comes; its data is thrown away.
 * @typedef {object} Definition
 * @property {string} name the folder's name
 * @property {string} about
 * @property {string[]} [runs] the runners that can have it; all unless named
 * @property {string[]} names DNS names in its certificate
 * @property {string[]} packages Debian's packages
 * @property {string[]} [unpack] more of them that Debian lets nobody install beside another server's: natively they are
 *   unpacked below `root`
 * @property {string[]} programs what must be there afterwards, found in PATH unless absolute
 * @property {string[]} [capabilities] what its process must be allowed to do beyond a container's usual rights
 * @property {string[]} [needs] servers that it cannot work without
 * @property {Record<string, string>} [preseed] files that must be there before the packages are installed
 * @property {Record<string, Port>} ports
 * @property {Record<string, string>} files template → place
 * @property {Record<string, string>} [system] the same, outside the prefix: removed when the server ends
 * @property {string} prepare a shell script that makes directories and users' data
 * @property {Record<string, string>} [environment]
 * @property {Process[]} processes each stays in the foreground
 */

/**
 * @param {string} [runner] only what it can have
 * @returns {Definition[]} in the order in which they start
 */
export const readDefinitions = (runner) => {
  const found = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readDefinition(name))
    .filter(({ runs }) => runner === undefined || runs === undefined || runs.includes(runner));
  return found.sort((a, b) => Number(a.needs !== undefined) - Number(b.needs !== undefined));
};

const readDefinition = (name) => {
  try {
    return [{ name, ...JSON.parse(readFileSync(`${folder}${name}/server.json`, 'utf8')) }];
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
};

export const readTemplate = (definition, file) =>
  readFileSync(`${folder}${definition.name}/${file}`, 'utf8');

/** The same servers on ports `shift` higher. */
export const shiftPorts = (definitions, shift) =>
  definitions.map((definition) => ({
    ...definition,
    ports: Object.fromEntries(
      Object.entries(definition.ports).map(([key, port]) => [
        key,
        { ...port, port: port.port + shift },
      ]),
    ),
  }));

/** Every port number of a definition, ranges included. */
export const portNumbers = (definition) =>
  Object.values(definition.ports).flatMap(({ port, count = 1 }) =>
    Array.from({ length: count }, (_, index) => port + index),
  );

/** How compose.yaml names a port's outside: `DOVECOT_IMAP`, `VSFTPD_EXPLICIT_PASSIVE`. */
export const constant = (key) => key.replace(/[A-Z]/g, '_$&').toUpperCase();
export const range = ({ port, count }) =>
  count === undefined ? `${port}` : `${port}-${port + count - 1}`;

/** Those variables for these ports. */
export const portVariables = (definitions) =>
  Object.fromEntries(
    definitions.flatMap(({ name, ports }) =>
      Object.entries(ports)
        .filter(([, { internal }]) => !internal)
        .map(([key, port]) => [`${constant(name)}_${constant(key)}`, range(port)]),
    ),
  );

/**
 * What the templates may name: `conf`, `data`, `root`, `ca`, `certificate`, `key`, `listen`, each of the server's own ports
 * (`explicit`, and `explicitPassive.last` for a range) and the others' (`dovecot.host`, `dovecot.lmtp`).
 */
export const placeholders = (
  definition,
  definitions,
  { prefix, root = '', certificates, listen, hostOf },
) => {
  const values = {
    conf: `${prefix}/conf`,
    data: `${prefix}/data`,
    root,
    ca: `${certificates}/ca.pem`,
    certificate: `${certificates}/${definition.name}.pem`,
    key: `${certificates}/${definition.name}.key`,
    listen,
  };
  for (const other of definitions) {
    values[`${other.name}.host`] = hostOf(other);
    for (const [key, { port, count }] of Object.entries(other.ports)) {
      const names = other === definition ? [key, `${other.name}.${key}`] : [`${other.name}.${key}`];
      for (const name of names) {
        values[name] = String(port);
        if (count !== undefined) values[`${name}.last`] = String(port + count - 1);
      }
    }
  }
  return values;
};

/** Fills a template in; a placeholder that nobody defines is an error. */
export const render = (template, values) =>
  template.replace(/\{\{([^{}]+)\}\}/g, (whole, name) => {
    if (values[name] === undefined) throw new Error(`no value for ${whole}`);
    return values[name];
  });

/** A process as an argument list, with its user change spelled out the way any Debian has it. */
export const commandOf = ({ command, user }, values) => {
  const filled = command.map((word) => render(word, values));
  return user === undefined
    ? filled
    : ['setpriv', '--reuid', user, '--regid', user, '--init-groups', ...filled];
};
