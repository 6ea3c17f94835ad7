/** Every snippet of the READMEs and of the site runs, as ES module and as CommonJS. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExampleWorld } from '../support/example-runner.js';
import { Stage, type Told } from '../support/stage.js';
import { root, type Snippet, snippetsOf } from './markdown.js';
import { asCommonJs, asModule, fileAsCommonJs } from './program.js';
import { pythonFor } from './python.js';
import { checkInstall, withoutInstall } from './shell.js';
import { furnish, manners, refill, startDocumentedWorld } from './world.js';

const home = `${root}.cache/docs-${process.pid}`;
const languages = new Set([
  'js',
  'sh',
  'py',
  'yaml',
  'json',
  'text',
  'console',
  'ini',
  'html',
  'css',
  'ts',
  '',
]);
const filter = process.env.SNIPPETS ?? '';

let world: ExampleWorld;
let python: ReturnType<typeof pythonFor>;
let stage: Stage;

let serial = 0;
/** A folder for one run; mail, files and articles as they were. */
async function place(): Promise<string> {
  const folder = join(home, `run-${++serial}`);
  mkdirSync(folder, { recursive: true });
  await furnish(folder, world);
  refill(world);
  return folder;
}

async function runJavaScript(snippet: Snippet, form: 'mjs' | 'cjs'): Promise<Told> {
  const folder = await place();
  const file = join(folder, `snippet.${form}`);
  writeFileSync(file, form === 'mjs' ? asModule(snippet) : asCommonJs(snippet));
  return stage.run(file, folder, world.env);
}

const filesOf = ({ options }: Snippet) => (options.get('files') ?? '').split(' ').filter(Boolean);

const commonJs = (text: string) => text.replace(/\.mjs\b/g, '.cjs');

/** What is typed: a `console` block shows the answers, too. */
const script = ({ language, code }: Snippet): string =>
  language === 'sh'
    ? code
    : code
        .split('\n')
        .filter((line) => line.startsWith('$ '))
        .map((line) => `${line.slice(2)}\n`)
        .join('');

async function runShell(
  snippet: Snippet,
  siblings: readonly Snippet[],
  form: 'mjs' | 'cjs' = 'mjs',
): Promise<Told> {
  const folder = await place();
  for (const name of filesOf(snippet)) {
    const file = siblings.find(({ options }) => options.get('file') === name);
    if (file === undefined) throw new Error(`no snippet is called ${name}`);
    const isModule = form === 'cjs' && name.endsWith('.mjs');
    writeFileSync(
      join(folder, isModule ? commonJs(name) : name),
      isModule ? fileAsCommonJs(file) : file.code,
    );
  }
  const file = join(folder, 'snippet.sh');
  const typed = withoutInstall(script(snippet));
  writeFileSync(file, `set -e\n${form === 'cjs' ? commonJs(typed) : typed}`);
  const { status, stdout, stderr } = await world.sh(file, [], { cwd: folder });
  const wanted = Number(snippet.options.get('exit') ?? 0);
  return {
    stdout,
    stderr,
    status,
    ...(status === wanted ? {} : { problem: `exit code ${status}: ${stderr}` }),
  };
}

async function runPython(snippet: Snippet): Promise<Told> {
  const folder = await place();
  const file = join(folder, 'snippet.py');
  writeFileSync(file, snippet.code);
  return new Promise((resolve) => {
    execFile(
      'python3',
      [file],
      { cwd: folder, env: python.env, timeout: 600_000 },
      (error, stdout, stderr) =>
        resolve({
          stdout,
          stderr,
          status: error === null ? 0 : 1,
          ...(error === null ? {} : { problem: stderr || error.message }),
        }),
    );
  });
}

const title = ({ line, language, scenes }: Snippet) =>
  `line ${line}: ${[language, ...scenes].join(' ')}`;

/** One set of servers and one process for all of them; a provider's recipe brings servers with its manners, on the same authority. */
export function testSnippets(documents: readonly string[]): void {
  beforeAll(async () => {
    world = await startDocumentedWorld(home);
    python = pythonFor(home, world.env);
    stage = new Stage(world);
  });
  afterAll(async () => {
    stage?.end();
    await world?.servers.close();
    rmSync(home, { recursive: true, force: true });
  });
  for (const document of documents.filter((name) => name.includes(filter))) testDocument(document);
}

function testDocument(document: string): void {
  const snippets = snippetsOf(document);
  const isRun = ({ language, options }: Snippet) =>
    ['js', 'sh', 'console', 'py'].includes(language) && !options.has('shown');
  if (snippets.length === 0) return;

  describe(document, () => {
    const like = manners[document];
    if (like !== undefined) {
      let usual: ExampleWorld;
      beforeAll(async () => {
        usual = world;
        const { ca } = usual.servers;
        world = await startDocumentedWorld(`${home}-${like}`, { like, ca });
      });
      afterAll(async () => {
        await world.servers.close();
        rmSync(`${home}-${like}`, { recursive: true, force: true });
        world = usual;
      });
    }

    it('has code of known languages, and a reason for each snippet that is not run', () => {
      for (const snippet of snippets) {
        expect(languages, title(snippet)).toContain(snippet.language);
        const why = snippet.options.get('shown');
        if (why !== undefined) console.warn(`not run: ${document}:${snippet.line}: ${why}`);
      }
    });

    it('uses every file that it shows', () => {
      const used = new Set(snippets.flatMap(filesOf));
      for (const { options } of snippets)
        if (options.has('file')) expect(used).toContain(options.get('file'));
    });

    const alone = snippets.filter(
      (one) => isRun(one) && !one.options.has('pair') && !one.options.has('file'),
    );
    for (const snippet of alone.filter(({ language }) => language === 'js')) {
      it.each(['mjs', 'cjs'] as const)(`${title(snippet)}, %s`, async (form) => {
        const told = await runJavaScript(snippet, form);
        const code = snippet.options.get('throws');
        if (code !== undefined) return expect(told.problem).toMatch(new RegExp(`^${code}\n`));
        expect(told.problem, told.stdout + told.stderr).toBeUndefined();
        if (!snippet.options.has('stderr')) expect(told.stderr).toBe('');
      });
    }
    for (const snippet of alone.filter(({ language }) => ['sh', 'console'].includes(language))) {
      const hasModules = filesOf(snippet).some((name) => name.endsWith('.mjs'));
      for (const form of hasModules ? (['mjs', 'cjs'] as const) : (['mjs'] as const))
        it(`${title(snippet)}, ${form}`, async () => {
          checkInstall(snippet.code);
          const told = await runShell(snippet, snippets, form);
          expect(told.problem, told.stdout + told.stderr).toBeUndefined();
        });
    }

    const pairs = new Map<string, Snippet[]>();
    for (const snippet of snippets.filter((one) => isRun(one) && one.options.has('pair'))) {
      const name = snippet.options.get('pair') as string;
      pairs.set(name, [...(pairs.get(name) ?? []), snippet]);
    }
    for (const [name, pair] of pairs) {
      it(`before and after are the same: ${name}`, async () => {
        expect(pair).toHaveLength(2);
        const printed: string[] = [];
        for (const snippet of pair) {
          const runs =
            snippet.language === 'py'
              ? [python.version === undefined ? undefined : await runPython(snippet)]
              : [await runJavaScript(snippet, 'mjs'), await runJavaScript(snippet, 'cjs')];
          for (const told of runs) {
            if (told === undefined) continue;
            expect(told.problem, title(snippet) + told.stdout + told.stderr).toBeUndefined();
            printed.push(told.stdout);
          }
        }
        expect(printed[0]).not.toBe('');
        expect(new Set(printed), printed.join('\n--\n')).toHaveProperty('size', 1);
      });
    }
  });
}
