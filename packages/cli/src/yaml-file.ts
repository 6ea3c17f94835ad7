/** YAML as people write it by hand: what the parser would only warn of, a tag that it does not know, is a mistake here. */
import { parseDocument } from 'yaml';

/**
 * @param options `texts`: what is no list and no mapping is the text as it stands there, not a number, a truth value or nothing
 * @throws Error that says in one line what is wrong
 */
export function parseYaml(source: string, { texts = false }: { texts?: boolean } = {}): unknown {
  const document = parseDocument(source.replace(/^\uFEFF/, ''), {
    prettyErrors: true,
    ...(texts ? { schema: 'failsafe' } : {}),
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw new Error(problem.message.split('\n')[0]?.replace(/:$/, ''));
  return document.toJS();
}
