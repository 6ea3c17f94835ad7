/** Comma-separated values, RFC 4180: a header line, then rows. Semicolons and tabs where the header line has more of them. */
import { exitCodes, Failure } from '../exit-code.js';

export interface CsvRow {
  /** The line on which it begins, from 1. */
  line: number;
  values: Readonly<Record<string, string>>;
}

// file = [header CRLF] record *(CRLF record) [CRLF]; field = (DQUOTE *(TEXTDATA / COMMA / CR / LF / 2DQUOTE) DQUOTE) / *TEXTDATA
/** @throws Failure 65 */
export function parseCsv(text: string, what: string): CsvRow[] {
  const source = text.replace(/^\uFEFF/, '');
  const delimiter = delimiterOf(/^[^\r\n]*/.exec(source)?.[0] ?? '');
  const [head, ...records] = recordsOf(source, delimiter, what);
  if (head === undefined) throw bad(what, 1, 'it is empty');
  const names = head.fields.map((name) => name.trim());
  if (new Set(names).size < names.length || names.includes(''))
    throw bad(what, 1, 'each column needs a name of its own');
  return records.map(({ line, fields }) => {
    if (fields.length !== names.length)
      throw bad(what, line, `${fields.length} fields, and the header has ${names.length}`);
    return { line, values: Object.fromEntries(names.map((name, at) => [name, fields[at] ?? ''])) };
  });
}

const delimiterOf = (head: string): string => {
  const count = (one: string): number => head.split(one).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
};

function* recordsOf(
  source: string,
  delimiter: string,
  what: string,
): Generator<{ line: number; fields: string[] }> {
  const field = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"\\r\\n${delimiter}]*))(${delimiter}|\\r?\\n|$)`,
    'y',
  );
  let line = 1;
  let begin = 1;
  let fields: string[] = [];
  while (field.lastIndex < source.length) {
    const at = field.lastIndex;
    const found = field.exec(source);
    if (found === null) throw bad(what, line, 'a quotation mark stands where none may');
    const [all, quoted, plain = '', end] = found;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    if (end === delimiter) {
      if (field.lastIndex < source.length) continue;
      fields.push('');
    }
    if (fields.length > 1 || fields[0] !== '') yield { line: begin, fields };
    fields = [];
    begin = line;
    if (field.lastIndex === at) break;
  }
}

const bad = (what: string, line: number, why: string): Failure =>
  new Failure(exitCodes.badData, `${what}, line ${line}: ${why}`, { code: 'ERR_CSV' });
