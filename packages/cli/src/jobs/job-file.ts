/**
 * The jobs of a file: YAML, or a JSON value a line. A job is a command line as text, a list of arguments, or
 * `{ id, run: … }`. In YAML they stand in a list, or in the list `jobs`.
 */
import type { CommandEntry } from '../commands.js';
import { exitCodes, Failure } from '../exit-code.js';
import { readLocal } from '../local-files.js';
import { namedCommand, nameOf } from '../named-command.js';
import { line } from '../output.js';
import { type Job, jobOf } from './job.js';

/** More is no list of jobs but a mistake. */
const mostJobs = 1_000_000;

/** @throws Failure 65 for what is no job, 66 for a file that is not there */
export async function readJobs(path: string): Promise<Job[]> {
  const source = (await readLocal(path, 'the jobs')).toString('utf8').replace(/^\uFEFF/, '');
  return jobsIn(source, path === '-' ? 'stdin' : path);
}

async function jobsIn(source: string, path: string): Promise<Job[]> {
  const values = isJsonLines(source) ? jsonLines(source, path) : await yamlList(source, path);
  if (values.length > mostJobs) throw bad(path, `${values.length} jobs are too many`);
  const names = new Set<string>();
  const alike = new Map<string, number>();
  const jobs: Job[] = [];
  for (const [at, value] of values.entries()) {
    const { argv, id, entry } = parsed(value, `${path}, job ${at + 1}`);
    if (id !== undefined && names.size === names.add(id).size)
      throw bad(path, `two jobs are called ${JSON.stringify(id)}`);
    const what = JSON.stringify(argv);
    const nth = (alike.get(what) ?? 0) + 1;
    alike.set(what, nth);
    const job = await jobOf(argv, entry, id, nth).catch((error: Error) => {
      throw bad(
        `${path}, job ${at + 1}`,
        line(error.message),
        'fivewire COMMAND --help shows them.',
      );
    });
    jobs.push(job);
  }
  return jobs;
}

/** `{"jobs":[…]}` is the list in one line, which YAML reads as well. */
const isJsonLines = (source: string): boolean => /^\s*(\{"(?!jobs")|\[")/.test(source);

const jsonLines = (source: string, path: string): unknown[] =>
  source.split('\n').flatMap((text, at) => {
    if (text.trim() === '') return [];
    try {
      return [JSON.parse(text)];
    } catch {
      throw bad(path, `line ${at + 1} is no JSON`);
    }
  });

async function yamlList(source: string, path: string): Promise<unknown[]> {
  const { parseYaml } = await import('../yaml-file.js');
  let document: unknown;
  try {
    document = parseYaml(source, { texts: true }); // 007 is no 7, and 2026.10 no 2026.1
  } catch (error) {
    throw bad(path, `no YAML: ${line((error as Error).message)}`);
  }
  const list = Array.isArray(document) ? document : (document as { jobs?: unknown })?.jobs;
  if (Array.isArray(list)) return list;
  throw bad(path, 'it holds no list of jobs');
}

interface Parsed {
  argv: string[];
  entry: CommandEntry;
  id: string | undefined;
}

function parsed(value: unknown, where: string): Parsed {
  if (typeof value === 'string' || Array.isArray(value))
    return { ...commandOf(value, where), id: undefined };
  if (typeof value !== 'object' || value === null) throw bad(where, 'it is no command');
  const { id, run, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw bad(where, `it has an unknown key ${JSON.stringify(unknown)}`);
  if (id !== undefined && (typeof id !== 'string' || id === ''))
    throw bad(where, 'its id is no text');
  return { ...commandOf(run, where), id: id as string | undefined };
}

function commandOf(run: unknown, where: string): Omit<Parsed, 'id'> {
  const words = typeof run === 'string' ? wordsOf(run, where) : run;
  if (
    !Array.isArray(words) ||
    words.length === 0 ||
    !words.every((word) => typeof word === 'string' || Number.isSafeInteger(word))
  )
    throw bad(where, 'it is no command');
  const argv = words.map(String);
  const own = argv[0] === 'fivewire' ? argv.slice(1) : argv;
  const command = namedCommand(own);
  if (command === undefined) throw bad(where, `it names no command: ${line(own.join(' '))}`);
  if (['run', 'worker', 'serve', 'watch', 'login'].includes(nameOf(command)))
    throw bad(where, `${nameOf(command)} is no job`);
  if (own.some((arg) => passwordInUrl.test(arg)))
    throw bad(
      where,
      'a URL of it holds a password',
      'Use a netrc file, a password command or a profile: this file, its journal and what is said of a job are no place for it.',
    );
  return { argv: own, entry: command };
}

/** As an argument, or as the value of an option: `--proxy=http://…`. */
const passwordInUrl = /(?:^|=)[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

/** Words with quotation marks as a shell has them, and nothing else of a shell. */
function wordsOf(text: string, where: string): string[] {
  const pattern = /\s*((?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+)/gy;
  const words: string[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    end = found.index + found[0].length;
    words.push(
      (found[1] as string).replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double, single) =>
        single === undefined ? double.replace(/\\(.)/g, '$1') : single,
      ),
    );
  }
  if (text.slice(end).trim() !== '') throw bad(where, 'a quotation mark is not closed');
  return words;
}

const bad = (
  where: string,
  why: string,
  hint = 'A job is a command line: get ftps://host/file, ["get", "ftps://host/file"], or { id: …, run: … }.',
): Failure => new Failure(exitCodes.badData, `${where}: ${why}`, { code: 'ERR_JOBS', hint });
