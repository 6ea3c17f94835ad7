import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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

/** Files of one project follow each other: a worker is kept for the next file only where that is of its own project. */
const projects = ['alone', 'together'];

/** What takes longest begins first, so that no worker is left alone with it at the end; the rest by size, as vitest has it. */
const longest = [
  'test/examples/killed', 'test/cli/accidents', 'test/cli/', 'packages/imap/test/scale', 'test/examples/', 'test/docs/', 'test/hostile-servers/memory',
  'test/packed-install/', 'test/starttls-attacks/', 'test/hostile-servers/', 'test/tls-policy/',
  'packages/ftp/test/cut-everywhere', 'packages/ftp/test/killed', 'packages/nntp/test/corpora', 'packages/nntp/test/hostile', 'packages/smtp/test/matrix', 'packages/ftp/test/trees', 'packages/imap/test/dialogues',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const index = longest.findIndex((start) => moduleId.includes(`/${start}`));
      return projects.indexOf(project.name) * (longest.length + 1) + (index < 0 ? longest.length : index);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const left = ['**/node_modules/**', 'test/servers/**', 'test/web/**', 'test/bench/**'];

/** These change what a whole process shares (environment, working directory, modules), or measure it. */
const alone = [
  'packages/pop3/test/uid-store.test.ts', // replaces a module of Node's
  'packages/imap/test/{scale,linear-time}.test.ts', // count what is run, of modules of their own
  'test/hostile-servers/memory.test.ts', // measures its process
];

export default defineConfig({
  resolve: { alias },
  test: {
    // Ends what hangs. No test ends because the machine is slow: none sets a limit of its own.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { interval: 5, timeout: 600_000 } },
    maxWorkers: availableParallelism() + 2, // many tests wait for a deadline
    sequence: { sequencer: LongestFirst },
    projects: [
      // Files that run in one process share one world: what is loaded once stays loaded.
      { extends: true, test: { name: 'together', include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'], exclude: [...left, ...alone], isolate: false } },
      { extends: true, test: { name: 'alone', include: alone, exclude: left } },
    ],
  },
});
