import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Packages whose names are not `@fivewire/<folder>`. */
const unscoped: Record<string, string> = { 'tls-context-core': 'tls-context-core', cli: 'fivewire' };

// Tests run on the sources: a package's name stands for its src/index.ts, `name/part` for src/part.ts.
const alias = readdirSync(here('packages')).flatMap((folder) => {
  const name = unscoped[folder] ?? `@fivewire/${folder}`;
  return [
    { find: new RegExp(`^${name}$`), replacement: here(`packages/${folder}/src/index.ts`) },
    { find: new RegExp(`^${name}/([a-z-]+)$`), replacement: here(`packages/${folder}/src/$1.ts`) },
  ];
});

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/servers/**', 'test/bench/**'],
    testTimeout: 20_000,
    maxWorkers: 2,
  },
});
