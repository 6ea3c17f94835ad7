/** What the pages show and no test runs is at least well-formed: YAML, JSON, and programs that need what a test has not. */
import { parseAst } from 'rolldown/parseAst';
import { expect, it } from 'vitest';
import { parseYaml } from '../../packages/cli/src/yaml-file.js';
import { documents, type Snippet, snippetsOf } from './markdown.js';

const all = documents().flatMap(snippetsOf);
const named = (snippets: readonly Snippet[]) =>
  snippets.map((snippet): [string, Snippet] => [`${snippet.file}:${snippet.line}`, snippet]);

const yaml = all.filter(({ language }) => language === 'yaml');
const json = all.filter(({ language }) => language === 'json');
const shown = all.filter(
  ({ language, options }) => language === 'ts' || (language === 'js' && options.has('shown')),
);

it('there are some of each', () => {
  expect(yaml.length).toBeGreaterThan(3);
  expect(shown.length).toBeGreaterThan(3);
});

it.each(named(yaml))('%s is YAML', (_, { code }) => {
  expect(() => parseYaml(code)).not.toThrow();
});

it.each(named(json))('%s is JSON', (_, { code }) => {
  expect(() => JSON.parse(code)).not.toThrow();
});

it.each(named(shown))('%s is a program', (_, { code, language }) => {
  expect(() => parseAst(code, { lang: language as 'js' | 'ts' })).not.toThrow();
});

/** What a service of a GitHub workflow may say: https://docs.github.com/actions, jobs.<job_id>.services. */
const ofService = ['image', 'ports', 'env', 'options', 'volumes', 'credentials'];

it.each(named(yaml.filter(({ code }) => /^services:/m.test(code))))(
  '%s is the services of a workflow',
  (_, { code }) => {
    const { services } = parseYaml(code) as { services: Record<string, { ports?: unknown[] }> };
    for (const service of Object.values(services)) {
      expect(ofService).toEqual(expect.arrayContaining(Object.keys(service)));
      for (const port of service.ports ?? []) expect(String(port)).toMatch(/^\d+(?::\d+)?$/);
    }
  },
);
