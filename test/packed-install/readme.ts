/** The first JavaScript example of a README, as ES module and as CommonJS. */

export function firstExample(readme: string): string {
  const example = /^```js\n([\s\S]*?)^```/m.exec(readme)?.[1];
  if (example === undefined) throw new Error('the README has no ```js block');
  return example;
}

/** The same program with `require()`: imports become requires, and an async function stands around what awaits. */
export function asCommonJs(example: string): string {
  const imports: string[] = [];
  const rest = example.replace(
    /^import\s+([\s\S]*?)\s+from\s+('[^']+');?\n/gm,
    (_, names: string, from: string) => {
      imports.push(`const ${names.replace(/\bas\b/g, ':')} = require(${from});`);
      return '';
    },
  );
  // Whoever loads it waits for its end by what it exports.
  return `${imports.join('\n')}\nmodule.exports = (async () => {\n${rest}\n})();\n`;
}
