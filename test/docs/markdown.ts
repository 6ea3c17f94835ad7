/**
 * The code of a Markdown file. What stands behind the language says how it is run:
 *
 *     ```js                    a program: run as it is printed, by import and by require
 *     ```js imap inbox         a fragment: `imap` and `inbox` are made before it (see scenes.ts)
 *     ```js pair=search        one of two that must print the same
 *     ```sh                    a script: `fivewire` and `node` are in PATH, `npm install` is checked and left out
 *     ```js file=app.mjs       a file that a script needs: ```sh files="app.mjs"
 *     ```sh exit=1             a script that ends with this code
 *     ```js shown="reason"     only read by the parser; the reason is counted and printed
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Snippet {
  /** From the root of the repository. */
  file: string;
  line: number;
  language: string;
  /** Names behind the language, in order. */
  scenes: string[];
  /** `key=value` or `key="several words"` behind the language. */
  options: Map<string, string>;
  code: string;
}

export function snippetsOf(file: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = readFileSync(root + file, 'utf8').split('\n');
  for (let i = 0; i < lines.length; i++) {
    const info = /^( *)(`{3,})(\S*) ?(.*)$/.exec(lines[i] as string);
    if (info === null) continue;
    const [, indent = '', fence = '', language = '', rest = ''] = info;
    const start = i + 1;
    while (i + 1 < lines.length && lines[++i]?.trim() !== fence) {}
    const code = lines.slice(start, i).map((line) => line.slice(indent.length));
    snippets.push({
      file,
      line: start,
      language,
      ...parseInfo(rest),
      code: `${code.join('\n')}\n`,
    });
  }
  return snippets;
}

function parseInfo(rest: string): Pick<Snippet, 'scenes' | 'options'> {
  const scenes: string[] = [];
  const options = new Map<string, string>();
  for (const [, key = '', quoted, plain] of rest.matchAll(/([^\s=]+)(?:="([^"]*)"|=(\S+))?/g)) {
    const value = quoted ?? plain;
    if (value === undefined) scenes.push(key);
    else options.set(key, value);
  }
  return { scenes, options };
}

/** Everything that a reader may copy from: the READMEs and the pages of the site, without the API. */
export function documents(): string[] {
  const packages = readdirSync(`${root}packages`).map((name) => `packages/${name}/README.md`);
  return ['README.md', 'SUPPORT.md', ...packages, ...pages('docs/site')];
}

function pages(folder: string): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return /^(node_modules|api|public|\..*)$/.test(entry.name)
        ? []
        : pages(`${folder}/${entry.name}`);
    return entry.name.endsWith('.md') ? [`${folder}/${entry.name}`] : [];
  });
}
