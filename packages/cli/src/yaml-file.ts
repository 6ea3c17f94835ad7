/** YAML as people write it by hand: what the parser would only warn of, a tag that it does not know, is a mistake here. */
import { parseDocument } from 'yaml';

/** @throws Error that says in one line what is wrong */
export function parseYaml(source: string): unknown {
  const document = parseDocument(source.replace(/^\uFEFF/, ''), { prettyErrors: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Error(problem.message.split('\n')[0]?.replace(/:$/, ''));
  return document.toJS();
}
