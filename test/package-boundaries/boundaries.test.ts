/** The floor plan as a test: arrows point downward, one door to TLS, nothing imported that is not declared, no circles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What each package may import of the others. */
const floors: Record<string, string[]> = {
  'tls-context-core': [],
  'line-protocol': ['tls-context-core'],
  sasl: ['tls-context-core'],
  ftp: ['line-protocol', 'sasl', 'tls-context-core'],
  imap: ['line-protocol', 'sasl', 'tls-context-core'],
  pop3: ['line-protocol', 'sasl', 'tls-context-core'],
  smtp: ['line-protocol', 'sasl', 'tls-context-core'],
  nntp: ['line-protocol', 'sasl', 'tls-context-core'],
  'test-servers': [],
  compose: ['smtp', 'tls-context-core'],
  jobs: ['line-protocol', 'tls-context-core'],
  cli: [
    'compose',
    'ftp',
    'imap',
    'jobs',
    'line-protocol',
    'nntp',
    'pop3',
    'smtp',
    'test-servers',
    'tls-context-core',
  ],
};

/** Which third-party packages a client's install may bring: clients stay light. */
const thirdParty: Record<string, string[]> = {
  'tls-context-core': [],
  'line-protocol': ['socks'],
  sasl: [],
  ftp: ['iconv-lite'],
  imap: ['iconv-lite'],
  nntp: ['iconv-lite', 'yencode'],
  smtp: ['dns-packet'],
  compose: ['mrmime'],
  'test-servers': ['@peculiar/x509', 'postal-mime', 'reflect-metadata'],
  jobs: ['bullmq', 'ioredis'],
  cli: ['cli-progress', 'mailparser', 'socks', 'yaml'],
};

/** What travels inside the bundle of a package and is a dependency for development only: docs/decisions/0052. */
const inside: Record<string, string[]> = { cli: ['yargs'] };

/** Optional peers of what is below, which a program that people install brings along. */
const onBehalf: Record<string, string[]> = { cli: ['socks'] };

const lazy = new Set(['socks', 'dns-packet', 'html-to-text', 'postal-mime']);

/** What a package lets others import: `.`, `./surface`. */
function entriesOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
  return Object.keys(manifest.exports ?? { '.': '' });
}

interface Import {
  from: string;
  dynamic: boolean;
  /** Types only: nothing is loaded. */
  types?: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/** Comments and strings that merely look like imports do not matter here: a false hit fails loudly. */
function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  const fixed = [
    ...text.matchAll(/^\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]/gm),
  ];
  const dynamic = [...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g)];
  return [
    ...fixed.map((match) => ({
      from: match[1] as string,
      dynamic: false,
      types: /^\s*(?:import|export) type\b/.test(match[0]),
    })),
    ...dynamic.map((match) => ({ from: match[1] as string, dynamic: true })),
  ];
}

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const folderOf = (name: string): string => name.replace(/^@fivewire\//, '');

const folders = readdirSync(join(root, 'packages')).filter((folder) =>
  existsSync(join(root, 'packages', folder, 'src')),
);

it('knows every package', () => {
  expect(folders.sort()).toEqual(Object.keys(floors).sort());
});

describe.each(folders)('%s', (folder) => {
  const home = join(root, 'packages', folder);
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const files = sources(join(home, 'src'));
  const imports = files.flatMap((file) =>
    importsOf(file).map((one) => ({ ...one, file: relative(home, file) })),
  );
  const foreign = imports.filter(({ from }) => !from.startsWith('.') && !from.startsWith('node:'));

  it('has sources', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(imports.length).toBeGreaterThan(0);
  });

  it('imports downward only, and nothing that its package.json does not declare', () => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    for (const { from, file } of foreign) {
      const name = packageName(from);
      if (inside[folder]?.includes(name) && name in manifest.devDependencies) continue;
      expect(builtinModules, `${file} writes ${from} without node:`).not.toContain(from);
      expect(declared, `${file} imports ${from}`).toContain(name);
      const ours = folderOf(name);
      if (ours in floors) {
        expect(floors[folder], `${file} imports ${from}`).toContain(ours);
        expect(entriesOf(ours), `${file} reaches into ${from}`).toContain(
          `.${from.slice(name.length)}`,
        );
      }
    }
  });

  it('declares nothing that it does not import', () => {
    const used = new Set(foreign.map(({ from }) => packageName(from)));
    for (const name of Object.keys(manifest.dependencies ?? {}))
      if (!onBehalf[folder]?.includes(name)) expect(used, name).toContain(name);
  });

  it('stays light', () => {
    const outside = Object.keys(manifest.dependencies ?? {}).filter(
      (name) => !(folderOf(name) in floors),
    );
    expect(thirdParty[folder] ?? []).toEqual(expect.arrayContaining(outside));
    for (const { from, dynamic, types, file } of foreign) {
      if (lazy.has(from) && !types) expect(dynamic, `${file} imports ${from} at once`).toBe(true);
    }
  });

  it('opens no second door to TLS', () => {
    const allowed = folder === 'tls-context-core' || folder === 'test-servers';
    const doors = imports
      .filter(({ from }) => /^(node:)?(tls|https|http2)$/.test(from))
      .map(({ file }) => file);
    if (!allowed) expect(doors).toEqual([]);
    else expect(doors.length).toBeGreaterThan(0);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      if (folder !== 'tls-context-core' && folder !== 'test-servers') {
        expect(text, file).not.toMatch(/rejectUnauthorized\s*[:=]\s*(?:false|!|0)|NODE_TLS_REJECT/);
        expect(text, file).not.toMatch(/\bfetch\(\s*['"`]https?:/);
      }
    }
  });

  it('judges no error by instanceof of a Fivewire class', () => {
    // InstanceOf fails when two copies are installed: codes and brands do not.
    const classes =
      'Fivewire|Tls|StartTls|Connection|Timeout|RemoteProtocol|Command|Authentication|Sasl|Transfer|Local|Usage';
    for (const file of files) {
      expect(readFileSync(file, 'utf8'), file).not.toMatch(
        new RegExp(`instanceof (${classes})Error\\b`),
      );
    }
  });

  it('awaits nothing at the top level, so that require() works', () => {
    for (const file of files)
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/^(?:const .*= )?await /m);
  });

  it('has no circle among its files', () => {
    const edges = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter(({ from, dynamic }) => from.startsWith('.') && !dynamic)
          .map(({ from }) => resolve(dirname(file), from.replace(/\.js$/, '.ts'))),
      ]),
    );
    // Types vanish: only what is left at run time can make a circle.
    const runtime = new Map(
      [...edges].map(([file, targets]) => {
        const text = readFileSync(file, 'utf8');
        const typeOnly = new Set(
          [...text.matchAll(/^(?:import|export) type [^'"]*from ['"](\.[^'"]+)['"]/gm)].map(
            (match) => resolve(dirname(file), (match[1] as string).replace(/\.js$/, '.ts')),
          ),
        );
        return [file, targets.filter((target) => !typeOnly.has(target))];
      }),
    );
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      expect(
        path,
        `a circle: ${[...path, file].map((one) => relative(home, one)).join(' → ')}`,
      ).not.toContain(file);
      if (done.has(file)) return;
      for (const target of runtime.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});
