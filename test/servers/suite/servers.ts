// Where the servers are: the runner says it in a file that FIVEWIRE_SERVERS names.
import { readFileSync } from 'node:fs';

/** A server as a client sees it. */
export interface Server {
  readonly host: string;
  readonly serverHostname: string;
  readonly ports: Readonly<Record<string, number>>;
}

interface Settings {
  readonly runner: string;
  readonly ca: string;
  readonly servers: Readonly<Record<string, Server | { readonly unavailable: string }>>;
}

/** The settings file's path. */
export const settingsPath = (): string => {
  const path = process.env.FIVEWIRE_SERVERS;
  if (path === undefined) {
    throw new Error(
      'Start this suite by: node test/servers/run.mjs native (FIVEWIRE_SERVERS is not set)',
    );
  }
  return path;
};

const settings = (): Settings => JSON.parse(readFileSync(settingsPath(), 'utf8')) as Settings;

/** The throwaway authority's certificate, PEM. */
export const authority = (): string => readFileSync(settings().ca, 'utf8');

/** The authority's file, for clients that read files. */
export const authorityPath = (): string => settings().ca;

/** Who started the servers. A port that only other servers need is reachable where that was `native`. */
export const runner = (): string => settings().runner;

/** A server that runs; a test that needs one that does not run fails with the reason. */
export const server = (name: string): Server => {
  const found = settings().servers[name];
  if (found === undefined) throw new Error(`no server is defined as ${name}`);
  if ('unavailable' in found) throw new Error(`${name} was not started: ${found.unavailable}`);
  return found;
};

/** The port of that name. */
export const port = (name: string, key: string): number => {
  const number = server(name).ports[key];
  if (number === undefined) throw new Error(`${name} has no port ${key}`);
  return number;
};

export const users = {
  alice: { user: 'alice', password: 'secret' },
  bob: { user: 'bob', password: 'secret' },
} as const;
