// What is published is bundled: one file for each entry of a package, with its source map, beside the declarations that tsc
// wrote. What a package depends on stays outside; what it imports at first use becomes a file of its own.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow, leaveOut } from './declarations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles each package whose sources have changed since the last time. */
export async function bundlePackages() {
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name);
    const stamp = join(root, '.cache', `${name}.bundled`);
    const print = fingerprint(folder);
    const isFresh =
      existsSync(stamp) &&
      readFileSync(stamp, 'utf8') === print &&
      entriesOf(folder).every(({ file }) => existsSync(join(folder, 'dist', `${file}.js`)));
    if (isFresh) continue;
    await bundle(folder);
    writeFileSync(stamp, print);
  }
}

async function bundle(folder) {
  const { rolldown } = await import('rolldown');
  const { parseAst } = await import('rolldown/parseAst');
  const { decode, encode } = await import('@jridgewell/sourcemap-codec');
  const { dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest(folder);
  const outside = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  const entries = entriesOf(folder);
  const build = await rolldown({
    input: Object.fromEntries(entries.map(({ file }) => [file, join(folder, 'src', `${file}.ts`)])),
    platform: 'node',
    plugins: [rawText, otherEntries(entries), builtIn, noWidths],
    external: (id) =>
      id.startsWith('node:') || outside.some((name) => id === name || id.startsWith(`${name}/`)),
    // Where a line comes from stands in the source map.
    experimental: { attachDebugInfo: 'none' },
    // Our modules only define; a polyfill is imported for what it does.
    treeshake: { moduleSideEffects: (id, isOutside) => isOutside && !id.startsWith('node:') },
  });
  const { output } = await build.write({
    dir: join(folder, 'dist'),
    format: 'es',
    sourcemap: true,
    comments: false, // they stand in the declarations, where an editor shows them
    minify: shortNames,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await build.close();
  for (const { fileName } of output) {
    const path = join(folder, 'dist', fileName);
    if (fileName.endsWith('.map')) shortenMap(path, encode, decode);
    else
      writeFileSync(path, withoutGaps(quickToLoad(readFileSync(path, 'utf8'), parseAst), parseAst));
  }
  removeOthers(join(folder, 'dist'), new Set(output.map(({ fileName }) => fileName)));
  giveCredit(join(folder, 'dist'), output);
  leaveOut(
    join(folder, 'dist'),
    entries.map(({ file }) => file),
    (text) => parseAst(text, { lang: 'dts' }).body,
  );
}

/** Names that nothing outside a function can see, and private ones. Every other name, and every line, stays as it is. */
const shortNames = {
  compress: false,
  mangle: { toplevel: false, keepNames: true },
  codegen: { removeWhitespace: false },
};

/** `import text from './file?raw'` is the file's text, as it is for vitest. */
const rawText = {
  name: 'raw-text',
  resolveId: (id, importer) =>
    id.endsWith('?raw') ? `${join(dirname(importer), id.slice(0, -'?raw'.length))}?raw` : null,
  load: (id) =>
    id.endsWith('?raw')
      ? {
          code: `export default ${JSON.stringify(readFileSync(id.slice(0, -'?raw'.length), 'utf8'))}`,
          moduleType: 'js',
        }
      : null,
};

/**
 * The same program, line by line, at less cost of loading: an import of a built-in module makes Node wrap each of its exports and
 * start even those that it keeps for first use (WebCrypto, parseArgs), and one letter beyond Latin-1 doubles what V8 has to scan.
 * Indentation goes, too: it is a twentieth of what a user installs.
 */
function quickToLoad(code, parse) {
  const texts = textsOverLines(parse(code), code);
  const isText = (at) => texts.some(({ start, end }) => start < at && at < end);
  return code
    .replaceAll(/^\t+/gm, (tabs, at) => (isText(at) ? tabs : ''))
    .replaceAll(
      /^import (?:\* as (\w+)|(\{.*\})|(\w+)) from "(node:[\w/]+)";$/gm,
      (_, all, some, whole, name) =>
        `const ${all ?? whole ?? some.replaceAll(' as ', ': ')} = process.getBuiltinModule("${name}");`,
    )
    .replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** No blank beside a bracket or an operator, where it means nothing: a twentieth again. Lines, and blanks in texts, stay. */
function withoutGaps(code, parse) {
  const tree = parse(code);
  const parts = [];
  let done = 0;
  for (const { start, end } of literalsOf(tree)) {
    parts.push(code.slice(done, start).replaceAll(gap, '$1'), code.slice(start, end));
    done = end;
  }
  const short = [...parts, code.slice(done).replaceAll(gap, '$1')].join('');
  if (shapeOf(parse(short)) !== shapeOf(tree)) throw new Error('a blank that meant something');
  return short;
}

/** Not `+`, `-` and `/`: two of them in a row are another word. */
const gap = / ?([{}()[\],;:=<>?&|!*]) ?/g;

/** Texts, templates' texts and regular expressions, in order. */
function literalsOf(node) {
  if (typeof node !== 'object' || node === null) return [];
  if (node.type === 'TemplateElement' || node.type === 'Literal') return [node];
  return Object.values(node)
    .flatMap(literalsOf)
    .sort((one, other) => one.start - other.start);
}

/** A program as the engine reads it, wherever its words stand. */
const shapeOf = (tree) =>
  JSON.stringify(tree, (key, value) => {
    if (key === 'start' || key === 'end' || key === 'range') return undefined;
    return typeof value === 'bigint' ? `${value}` : value;
  });

/** The parts of template literals that hold a line end. */
function textsOverLines(node, code) {
  if (typeof node !== 'object' || node === null) return [];
  if (node.type === 'TemplateElement')
    return code.slice(node.start, node.end).includes('\n') ? [node] : [];
  return Object.values(node).flatMap((child) => textsOverLines(child, code));
}

/** An entry that passes on what another one exports imports that one: a chunk that both share would be one more file to load. */
const otherEntries = (entries) => ({
  name: 'other-entries',
  resolveId: (id, importer) =>
    importer !== undefined && entries.some(({ file }) => id === `./${file}.js`)
      ? { id, external: 'relative' }
      : null,
});

/** Node's modules by the name that no package can have, in what is bundled too. */
const builtIn = {
  name: 'built-in',
  resolveId: (id) => (builtinModules.includes(id) ? { id: `node:${id}`, external: true } : null),
};

/** yargs lays out a help that the command line never prints: `help.ts` does. Its tables of widths cost a third of a start. */
const noWidths = {
  name: 'no-widths',
  resolveId: (id) => (id === 'string-width' ? '\0width' : null),
  load: (id) => (id === '\0width' ? 'export default (text) => text.length;' : null),
};

/** The licenses of what is bundled ask to travel with it. */
function giveCredit(dist, output) {
  const folders = new Set(
    output
      .flatMap(({ moduleIds = [] }) => moduleIds)
      .flatMap((id) => /^(\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []),
  );
  const texts = [...folders].map((folder) => {
    const { name, version } = manifest(folder);
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${name} has no license to travel with it`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  const path = join(dist, 'LICENSES.txt');
  if (texts.length > 0) writeFileSync(path, texts.sort().join('\n---\n\n'));
  else rmSync(path, { force: true });
}

/** `./dist/main.js` in a package's `exports` or `bin` is made from `src/main.ts`. */
function entriesOf(folder) {
  const { exports = {}, bin = {} } = manifest(folder);
  const targets = [
    ...Object.values(exports).map((target) => target.default),
    ...Object.values(bin),
  ];
  const files = targets.map((target) => /^\.\/dist\/(.+)\.js$/.exec(target ?? '')?.[1]);
  return [...new Set(files)].filter(Boolean).map((file) => ({ file }));
}

/**
 * A map leads from a stack trace to file and line. The sources themselves, a place for each word of a line, and places for lines on
 * which nothing can fail (brackets, plain values), would be more than half of what a user installs. {@link quickToLoad} takes the
 * indentation away.
 */
function shortenMap(path, encode, decode) {
  const { sourcesContent: _, names: __, mappings, ...map } = JSON.parse(readFileSync(path, 'utf8'));
  const code = readFileSync(path.slice(0, -'.map'.length), 'utf8').split('\n');
  const lines = decode(mappings).map((places, index) =>
    canFail(code[index] ?? '')
      ? places.slice(0, 1).map(([, ...place]) => [0, ...place.slice(0, 3)])
      : [],
  );
  writeFileSync(path, JSON.stringify({ ...map, names: [], mappings: encode(lines) }));
}

/** A line that a stack trace can name calls, reads, throws or waits. */
const canFail = (line) => /[([.`]|\b(?:throw|await|yield|new|of|in)\b/.test(line);

/** Of an earlier build, and declarations of sources that have moved since. */
function removeOthers(dist, wanted) {
  for (const path of filesBelow(dist)) {
    const name = relative(dist, path).replaceAll('\\', '/');
    const isStale = name.endsWith('.d.ts')
      ? !existsSync(join(dist, '..', 'src', name.replace(/\.d\.ts$/, '.ts')))
      : /\.js(\.map)?$/.test(name) && !wanted.has(name);
    if (isStale) rmSync(path);
  }
}

function fingerprint(folder) {
  const hash = createHash('sha256');
  for (const tool of ['bundle.mjs', 'declarations.mjs'])
    hash.update(readFileSync(join(root, 'tools', tool)));
  for (const path of [join(folder, 'package.json'), ...filesBelow(join(folder, 'src')).sort()])
    hash.update(path).update(readFileSync(path));
  return hash.digest('hex');
}

const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
