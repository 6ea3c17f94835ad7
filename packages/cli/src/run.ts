/** One run of the command line: arguments to exit code. */
import type { Writable } from 'node:stream';
import yargs, { type Argv } from 'yargs';
import { commands } from './commands.js';
import type { Args, CommandModule, Context, OptionSpec } from './context.js';
import {
  exitCodeOf,
  exitCodes,
  type Failure,
  interruption,
  isFailure,
  usage,
} from './exit-code.js';
import { globalOptions, readSettings } from './global-options.js';
import { commandHelp, overview } from './help.js';
import { namedCommand } from './named-command.js';
import { nearest } from './nearest.js';
import { disguiseOperands, ownWords, revealOperands, withoutDisguise } from './operands.js';
import { line, Output } from './output.js';
import type { Profile } from './profile.js';
import { report } from './report.js';
import { version } from './version.js';

export interface RunOptions {
  /** Ends the command: what it has saved stays saved. */
  signal?: AbortSignal;
  /** Where data goes. Default: the process's stdout. */
  stdout?: Writable;
  /** Where talk goes. Default: the process's stderr. */
  stderr?: Writable;
}

/**
 * Runs a command line. Data goes to stdout, talk to stderr; nothing is thrown.
 *
 * ```js
 * process.exitCode = await run(['ls', 'ftp://ftp.example.org/pub', '--json']);
 * ```
 *
 * @param argv without `node` and the script: `['ls', 'ftp://…']`
 * @returns the exit code, one of {@link exitCodes}
 */
export const run = (argv: readonly string[], options: RunOptions = {}): Promise<number> =>
  runTry(argv, options, { repeats: false });

/** @param how whether an earlier try was cut off: `Context.repeats` */
export async function runTry(
  argv: readonly string[],
  { signal, stdout, stderr }: RunOptions,
  { repeats }: Pick<Context, 'repeats'>,
): Promise<number> {
  const stop = signal ?? new AbortController().signal;
  let out = new Output({
    ...{ json: optionsOf(argv).includes('--json'), quiet: false, verbosity: 0 },
    ...{ stdout, stderr },
  });
  try {
    const words = argv[0] === 'sendmail' ? await asSendmail(argv.slice(1)) : argv;
    const told = await information(words);
    if (told !== undefined) {
      await out.write(told);
      return exitCodes.ok;
    }
    const chosen = await parse(words);
    const { args, module } = chosen;
    refuseUnmeant(args, { ...globalOptions, ...module.options });
    const settings = readSettings(args);
    out = new Output({
      json: args.json === true,
      quiet: args.quiet === true,
      verbosity: Number(args.verbose ?? 0),
      stdout,
      stderr,
    });
    const profile = await readProfile(args);
    const context = {
      settings,
      profile,
      out,
      signal: stop,
      repeats,
      sources: { fromCommands: new Map(), fromKeyring: new Map() },
    };
    return (await module.run(args, context).catch(blameProfile(profile, args))) ?? exitCodes.ok;
  } catch (error) {
    // Whatever else failed, failed by that.
    const reason = stop.aborted ? interruption(stop) : error;
    const exit = exitCodeOf(reason);
    await report(reason, exit, out);
    return exit;
  }
}

const blameProfile =
  (profile: Profile | undefined, args: Args) =>
  async (error: unknown): Promise<never> => {
    if (profile === undefined) throw error;
    const { ofProfile } = await import('./profile.js');
    throw ofProfile(error, profile, args);
  };

async function readProfile(args: Args) {
  if (args.profile === undefined) return undefined;
  const { loadProfile } = await import('./profile.js');
  return loadProfile(
    String(args.profile),
    args.config === undefined ? undefined : String(args.config),
  );
}

interface Chosen {
  module: CommandModule;
  args: Args;
}

/** In the words of ours, with the profile `default` where the line names no server for a message of its own. `-h` with more behind it is a count of hops. */
async function asSendmail(argv: readonly string[]): Promise<readonly string[]> {
  if (argv.length === 1 && argv[0] === '-h') return ['sendmail', '--help'];
  const { sendmailArguments } = await import('./send/sendmail-arguments.js');
  const { options } = await import('./commands/sendmail.js');
  const ours = sendmailArguments(argv, { ...globalOptions, ...options });
  const isNamed = ours.some((arg) =>
    /^--(?:(?:profile|url)(?:=|$)|list-queue$|flush-queue$)/.test(arg),
  );
  return isNamed ? ours : ['sendmail', '--profile=default', ...ours.slice(1)];
}

/** What `--help` and `--version` say, where one of them is asked for. */
async function information(argv: readonly string[]): Promise<string | undefined> {
  const entry = namedCommand(argv);
  const options = (await entry?.load())?.options ?? {};
  const words = ownWords(argv, { ...globalOptions, ...options });
  if (words.includes('--version')) return `${version()}\n`;
  if (!words.includes('--help') && !words.includes('-h')) return undefined;
  const width = Math.min(110, process.stdout.columns || 100);
  return entry === undefined
    ? overview(commands, globalOptions, width)
    : commandHelp(entry, options, globalOptions, width);
}

/** What stands before `--`. */
const optionsOf = (argv: readonly string[]): readonly string[] =>
  argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;

async function parse(argv: readonly string[]): Promise<Chosen> {
  let chosen: Chosen | undefined;
  const own = await namedCommand(argv)?.load();
  const parser = yargs(disguiseOperands(argv, { ...globalOptions, ...own?.options }))
    .scriptName('fivewire')
    .detectLocale(false) // its messages are read by `wrongUsage`
    .parserConfiguration({
      'greedy-arrays': false,
      'boolean-negation': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .options(forYargs(globalOptions))
    .demandCommand(1, 'Which command?')
    .recommendCommands()
    .strict()
    .version(false)
    .help(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail(false);
  for (const { usage: command, load } of commands) {
    parser.command(
      command,
      false, // what is hidden costs nothing: yargs would set a help for each run that `help.ts` is there for
      async (builder: Argv) => builder.options(forYargs((await load()).options)),
      async (args) => {
        chosen = { module: await load(), args: revealOperands(args) };
      },
    );
  }
  try {
    await parser.parseAsync();
  } catch (error) {
    if (isFailure(error)) throw error;
    throw wrongUsage(error, namedCommand(argv)?.usage, { ...globalOptions, ...own?.options });
  }
  if (chosen === undefined) throw usage('Which command?', 'See fivewire --help.');
  refuseValues(argv, { ...globalOptions, ...chosen.module.options });
  return chosen;
}

/** What a variable of the shell that is unset makes of a command line, and names of files that would be stdout. @throws Failure 64 */
function refuseUnmeant(args: Args, options: Readonly<Record<string, OptionSpec>>): void {
  const aliases = new Set(Object.values(options).map(({ alias }) => alias));
  for (const [name, value] of Object.entries(args)) {
    if (name === '_' || name === '$0' || aliases.has(name)) continue;
    const spec = options[name];
    const shown = spec === undefined ? name.toUpperCase() : `--${name}`;
    const values = Array.isArray(value) ? value : [value];
    if (spec !== undefined && !spec.array && Array.isArray(value))
      throw usage(`${shown} may be given once`);
    // `--ca=` is a list of nothing.
    const isEmpty = values.includes('') || (spec !== undefined && values.length === 0);
    if (isEmpty && !spec?.mayBeEmpty)
      throw usage(
        `${shown} is empty`,
        'Leave it out, or give it a value: a variable of the shell may be unset.',
      );
    if (spec?.noDash && values.includes('-'))
      throw usage(`${shown} is a file, not stdin or stdout`, 'A file of that name is written ./-');
  }
}

/** `--dry-run=$UNSET` is no way to say no. @throws Failure 64 */
function refuseValues(
  argv: readonly string[],
  options: Readonly<Record<string, OptionSpec>>,
): void {
  for (const arg of optionsOf(argv)) {
    const [, name = '', value = ''] = /^--([a-z-]+)=(.*)$/s.exec(arg) ?? [];
    const type = options[name]?.type;
    if (type === undefined || type === 'string' || /^(true|false)$/.test(value)) continue;
    throw usage(`--${name} takes no value`, `Write --${name}, or leave it out.`);
  }
}

function wrongUsage(
  error: unknown,
  form: string | undefined,
  options: Readonly<Record<string, OptionSpec>>,
): Failure {
  const message = withoutDisguise(error instanceof Error ? error.message : String(error));
  if (/\bpassword\b/.test(message))
    return usage(
      'There is no --password: others see command lines',
      'Use --password-command, --password-stdin, --netrc or a profile.',
    );
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message);
  if (choice !== null)
    return usage(`--${choice[1]} ${choice[2]} is none of ${choice[3]?.replaceAll('"', '')}`);
  if (/^Not enough non-option arguments/.test(message) && form !== undefined)
    return usage('An argument is missing', `Write fivewire ${form}; see fivewire COMMAND --help.`);
  const [, stray] = /^Unknown argument: ([a-z][a-z-]+)$/.exec(message) ?? [];
  const meant = stray === undefined ? undefined : nearest(stray, Object.keys(options));
  if (meant !== undefined) return usage(line(message), `Did you mean --${meant}?`);
  return usage(line(message), 'See fivewire --help, or fivewire COMMAND --help.');
}

const forYargs = (options: Readonly<Record<string, OptionSpec>>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, alias, array, choices }]) => [
      name,
      {
        hidden: true,
        ...(type === 'count' ? { count: true } : { [type]: true }),
        ...(alias === undefined ? {} : { alias }),
        ...(array ? { array } : {}),
        ...(choices === undefined ? {} : { choices }),
      },
    ]),
  ) as Parameters<Argv['options']>[0] & object;
