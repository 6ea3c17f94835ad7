// What of the declarations that tsc wrote a user installs. Every name, type and comment that an editor can show stays.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Declarations that no entry leads to stay out of the package; tsc needs them here. The others go without what no editor shows: a
 * word on their file, and the comments of what no entry's names lead to.
 */
export function leaveOut(dist, entries, parse) {
  const reached = new Map();
  const reach = (path) => {
    if (reached.has(path) || !existsSync(path)) return;
    const text = readFileSync(path, 'utf8').replace(aboutTheFile, '');
    reached.set(path, text);
    for (const [, to] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
      reach(join(dirname(path), `${to}.d.ts`));
  };
  const entryPaths = entries.map((file) => join(dist, `${file}.d.ts`));
  for (const path of entryPaths) reach(path);
  const said = withoutHiddenComments(reached, entryPaths, parse);
  for (const [path, text] of said)
    if (text !== readFileSync(path, 'utf8')) writeFileSync(path, text);
  const others = filesBelow(dist).filter((path) => path.endsWith('.d.ts') && !reached.has(path));
  const lines = others.map((path) => `/${relative(dist, path).replaceAll('\\', '/')}\n`).sort();
  writeFileSync(join(dist, '.npmignore'), lines.join(''));
}

/** The files' texts by path. A name counts as led to wherever something shown has it as a word: too often rather than too seldom. */
function withoutHiddenComments(files, entryPaths, parse) {
  const all = [...files].flatMap(([path, text]) => statementsOf(path, text, parse));
  const wholeFiles = new Set(entryPaths);
  for (const { path, code } of all)
    for (const [, to] of code.matchAll(/^export \* .*['"](\.[^'"]+)\.js['"]/gm))
      wholeFiles.add(join(dirname(path), `${to}.d.ts`));
  const byName = new Map();
  for (const one of all)
    if (one.name !== undefined) byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  const shown = new Set();
  const waiting = all.filter(({ path, name }) =>
    name === undefined ? entryPaths.includes(path) : wholeFiles.has(path),
  );
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (shown.has(one)) continue;
    shown.add(one);
    for (const [word] of one.code.matchAll(/[\w$]+/g)) waiting.push(...(byName.get(word) ?? []));
  }
  return [...files].map(([path, text]) => {
    const statements = all.filter((one) => one.path === path);
    const end = statements.at(-1)?.end ?? 0;
    const parts = statements.map((one) =>
      one.name === undefined || shown.has(one) ? one.text : one.code,
    );
    return [path, `${parts.join('')}${text.slice(end)}`];
  });
}

/** With the comment that stands before it, and without any. What declares nothing (imports, names passed on) has no name. */
function statementsOf(path, text, parse) {
  let done = 0;
  return parse(text).map((node) => {
    const { declaration = node } = node;
    const whole = text.slice(done, node.end);
    done = node.end;
    return {
      path,
      end: node.end,
      name: (declaration?.id ?? declaration?.declarations?.[0]?.id)?.name,
      text: whole,
      code: whole.replace(/[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n?/g, ''),
    };
  });
}

/** What a file of declarations says of itself, ahead of its imports or its first declaration's own comment: no editor shows it. */
const aboutTheFile = /^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*(?=import |export (?:type )?[{*]|\/\*\*)/;

export const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
