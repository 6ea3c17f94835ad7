/** A snippet as a program, in both forms: its imports at the top, around the rest what its scenes make before and end after. */
import type { Snippet } from './markdown.js';
import { scenesOf } from './scenes.js';

const importLine = /^import\s+(?:([\s\S]*?)\s+from\s+)?('[^']+');?[ \t]*\n/gm;

export function asModule(snippet: Snippet): string {
  const imports: string[] = [];
  const rest = snippet.code.replace(importLine, (line: string) => {
    imports.push(line);
    return '';
  });
  return `${imports.join('')}${staged(rest, snippet.scenes)}`;
}

export function asCommonJs(snippet: Snippet): string {
  const imports: string[] = [];
  const rest = snippet.code.replace(importLine, (_, names: string | undefined, from: string) => {
    imports.push(names === undefined ? `require(${from});` : required(names, from));
    return '';
  });
  return `${imports.join('\n')}\nmodule.exports = (async () => {\n${staged(rest, snippet.scenes)}})();\n`;
}

/** A file that a script runs or another file imports, as CommonJS: `app.mjs` becomes `app.cjs`, for those who import it as well. */
export function fileAsCommonJs(snippet: Snippet): string {
  const code = snippet.code.replace(/(from\s+'\.\/[^']+)\.mjs'/g, "$1.cjs'");
  const names = [...code.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)];
  if (names.length === 0) return asCommonJs({ ...snippet, code });
  const plain = code.replace(importLine, (_, named: string | undefined, from: string) =>
    named === undefined ? `require(${from});\n` : `${required(named, from)}\n`,
  );
  const exported = names.map(([, name]) => name).join(', ');
  return `${plain.replace(/^export /gm, '')}module.exports = { ${exported} };\n`;
}

function required(names: string, from: string): string {
  const whole = /^(?:\*\s+as\s+)?(\w+)$/.exec(names)?.[1];
  if (whole === undefined) return `const ${names.replace(/\bas\b/g, ':')} = require(${from});`;
  return `const ${whole} = require(${from}).default ?? require(${from});`;
}

function staged(code: string, names: readonly string[]): string {
  if (names.length === 0) return code;
  const scenes = scenesOf(names);
  const before = scenes.map((scene) => scene.before).join('\n');
  const after = scenes
    .toReversed()
    .map((scene) => scene.after ?? '')
    .join('\n');
  return `{
${before}\ntry {\n${code}\n} finally {\n${after}\n}\n}\n`;
}
