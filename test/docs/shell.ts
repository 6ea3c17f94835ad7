/** What a page says about installing is checked by name, and not done. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { root } from './markdown.js';

const install = /^.*\bnpm (?:install|i) (.*)$/gm;

/** Packages of ours, and those that the catalog pins. */
const known = new Set([
  ...readdirSync(`${root}packages`).map(
    (folder) =>
      JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8')).name as string,
  ),
  ...[
    ...readFileSync(`${root}pnpm-workspace.yaml`, 'utf8').matchAll(/^ {2}'?([@\w./-]+?)'?: \d/gm),
  ].map(([, name]) => name as string),
]);

export function checkInstall(code: string): void {
  for (const [, rest = ''] of code.matchAll(install))
    for (const name of rest.replace(/#.*/, '').split(/\s+/))
      if (name !== '' && !name.startsWith('-')) expect(known).toContain(name);
}

export function withoutInstall(code: string): string {
  return code.replace(install, '');
}
