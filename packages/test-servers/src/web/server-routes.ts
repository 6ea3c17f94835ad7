/** Files, connections, faults, users and certificates over HTTP. */
import type { ConnectionRecord } from '../connection-record.js';
import type { Faults } from '../faults.js';
import type { TreeNode } from '../file-tree.js';
import type { TestProtocol } from '../line-server.js';
import type { TestServers } from '../start-test-servers.js';
import { download, HttpError, json, type Reply } from './reply.js';
import type { Asked, Route } from './route.js';

const protocols: readonly TestProtocol[] = ['imap', 'smtp', 'pop3', 'ftp', 'nntp'];

export const serverRoutes: readonly Route[] = [
  ['GET', '/api/health', async () => json({ ok: true })],
  ['GET', '/api/servers', async ({ servers }) => json(describe(servers))],
  ['GET', '/api/files', files],
  ['GET', '/api/file', file],
  ['GET', '/api/connections', async ({ servers }) => json(connections(servers))],
  ['GET', '/api/connection', connection],
  ['GET', '/api/faults', async ({ servers }) => json(faultsOf(servers))],
  ['POST', '/api/faults', setFaults],
  ['POST', '/api/users', addUser],
  ['POST', '/api/clear', clear],
  ['GET', '/ca.pem', async ({ servers }) => pem(servers.ca.certificate, 'ca.pem')],
  ['GET', '/certificate.pem', async ({ servers }) => pem(chainOf(servers), 'certificate.pem')],
];

const pem = (text: string, name: string): Reply => download(text, name, 'application/x-pem-file');
const chainOf = ({ certificate }: TestServers): string => certificate.chain;

function describe({ host, ports, accounts, certificate, problems }: TestServers) {
  return {
    ...{ host, ports, users: accounts.names },
    fingerprint256: certificate.fingerprint256,
    problems: problems.map(({ message }) => message),
  };
}

async function files({ servers, query }: Asked): Promise<Reply> {
  const path = query.get('path') ?? '/';
  const folder = servers.files.folder(path);
  if (!folder) throw new HttpError(404, 'No such folder.');
  return json({ path, entries: [...folder.entries].map(([name, node]) => entry(name, node)) });
}

const entry = (name: string, node: TreeNode) => ({
  name,
  kind: node.kind,
  octets: node.kind === 'file' ? node.octets.length : undefined,
  modified: node.modified,
});

async function file({ servers, query }: Asked): Promise<Reply> {
  const path = query.get('path') ?? '';
  const octets = servers.files.read(path);
  if (!octets) throw new HttpError(404, 'No such file.');
  return download(octets, path.slice(path.lastIndexOf('/') + 1), 'application/octet-stream');
}

const connections = (servers: TestServers) =>
  protocols
    .flatMap((protocol) => servers[protocol].connections.map((one) => summary(protocol, one)))
    .sort((a, b) => (b.since ?? 0) - (a.since ?? 0));

function summary(protocol: TestProtocol, record: ConnectionRecord) {
  const { number, mode, user, tls, tlsError, closed, sent, transcript } = record;
  return {
    ...{ protocol, number, mode, user, closed, sent },
    tls: tls && { version: tls.version, cipher: tls.cipher, servername: tls.servername },
    tlsError: tlsError?.message,
    since: transcript?.entries[0]?.time,
    entries: transcript?.entries.length ?? 0,
  };
}

async function connection({ servers, query }: Asked): Promise<Reply> {
  const protocol = protocolOf(query.get('protocol'));
  const number = Number(query.get('number'));
  const record = servers[protocol].connections.find((one) => one.number === number);
  if (!record) throw new HttpError(404, 'No such connection.');
  return json({ ...summary(protocol, record), transcript: record.transcript?.entries ?? [] });
}

/** The faults that can be switched on from outside, and what their values must be. */
const switches: Readonly<Record<string, (value: unknown) => boolean>> = {
  latency: isCount,
  stallAt: isCount,
  cutAfter: isCount,
  cut: (value) => ['fin', 'close-notify', 'reset'].includes(value as string),
  octetByOctet: isTrue,
  withoutCloseNotify: isTrue,
  refuseStartTls: isLine,
  greeting: isLine,
};

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 31 - 1;
}

function isTrue(value: unknown): boolean {
  return value === true;
}

function isLine(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 500 && !/[\r\n\0]/.test(value);
}

/** A plan that is a function can't be shown. */
const faultsOf = (servers: TestServers) =>
  Object.fromEntries(
    protocols.map((protocol) => {
      const plan = servers[protocol].faults;
      return [protocol, typeof plan === 'function' ? 'set by the program' : (plan ?? {})];
    }),
  );

/** `{ protocol, faults }`; `{}` is a healthy server. Connections that are open now keep what they have. */
async function setFaults({ servers, body }: Asked): Promise<Reply> {
  const { protocol, faults } = objectOf(body);
  const wanted = objectOf(faults);
  for (const [name, value] of Object.entries(wanted)) {
    const isGood = Object.hasOwn(switches, name) ? switches[name] : undefined;
    if (!isGood?.(value)) throw new HttpError(400, `${name}: no such fault, or no value for it`);
  }
  const server = servers[protocolOf(protocol)];
  server.faults = Object.keys(wanted).length === 0 ? undefined : (wanted as Faults);
  return json(faultsOf(servers));
}

async function addUser({ servers, body }: Asked): Promise<Reply> {
  const { name, password } = objectOf(body);
  for (const value of [name, password])
    if (value !== undefined && (!isLine(value) || value === ''))
      throw new HttpError(400, 'name and password are texts');
  return json(
    servers.createUser({
      ...(name === undefined ? {} : { name: name as string }),
      ...(password === undefined ? {} : { password: password as string }),
    }),
    201,
  );
}

async function clear({ servers }: Asked): Promise<Reply> {
  servers.clear();
  return json({});
}

function protocolOf(name: unknown): TestProtocol {
  const protocol = protocols.find((one) => one === name);
  if (!protocol) throw new HttpError(400, `protocol is one of ${protocols.join(', ')}`);
  return protocol;
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HttpError(400, 'The body is a JSON object.');
  return value as Record<string, unknown>;
}
