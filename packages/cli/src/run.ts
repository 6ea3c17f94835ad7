/** One run of the command line: arguments to exit code. */
import type { Writable } from 'node:stream';
import yargs, { type Argv } from 'yargs';
import { commands } from './commands.js';
import type { Args, CommandModule, OptionSpec } from './context.js';
import { type ExitCode, exitCodeOf, exitCodes, Failure, isFailure, usage } from './exit-code.js';
import { globalOptions, readSettings } from './global-options.js';
import { commandHelp, overview } from './help.js';
import { disguiseOperands, revealOperands } from './operands.js';
import { Output } from './output.js';
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
export async function run(
  argv: readonly string[],
  { signal, stdout, stderr }: RunOptions = {},
): Promise<number> {
  const stop = signal ?? new AbortController().signal;
  let out = new Output({
    ...{ json: argv.includes('--json'), quiet: false, verbosity: 0 },
    ...{ stdout, stderr },
  });
  try {
    const told = await information(argv);
    if (told !== undefined) {
      await out.write(told);
      return exitCodes.ok;
    }
    const chosen = await parse(argv[0] === 'sendmail' ? await asSendmail(argv.slice(1)) : argv);
    const { args, module } = chosen;
    refuseEmpty(args, { ...globalOptions, ...module.options });
    const settings = readSettings(args);
    out = new Output({
      json: args.json === true,
      quiet: args.quiet === true,
      verbosity: Number(args.verbose ?? 0),
      stdout,
      stderr,
    });
    const profile = await readProfile(args);
    const context = { settings, profile, out, signal: stop, sources: { fromCommands: new Map() } };
    return (await module.run(args, context)) ?? exitCodes.ok;
  } catch (error) {
    if (stop.aborted) return interrupted(stop, out);
    const exit = exitCodeOf(error);
    await report(error, exit, out);
    return exit;
  }
}

/** The codes of a shell for a process that a signal ended: 128 and its number. Whatever else failed, failed by that. */
const signalCodes: Readonly<Record<string, ExitCode>> = { SIGTERM: exitCodes.terminated };

async function interrupted({ reason }: AbortSignal, out: Output): Promise<number> {
  const name = typeof reason === 'string' ? reason : 'the caller';
  const exit = signalCodes[name] ?? exitCodes.interrupted;
  const hint = 'What was complete is kept; run it again to go on.';
  await report(
    new Failure(exit, `Interrupted by ${name}`, { hint, code: 'ERR_ABORTED' }),
    exit,
    out,
  );
  return exit;
}

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

/** In the words of ours, with the profile `default` where the line names no server. */
async function asSendmail(argv: readonly string[]): Promise<readonly string[]> {
  const { sendmailArguments } = await import('./send/sendmail-arguments.js');
  const { options } = await import('./commands/sendmail.js');
  const ours = sendmailArguments(argv, { ...globalOptions, ...options });
  const isNamed = ours.some((arg) => /^--(profile|url)(=|$)/.test(arg));
  return isNamed ? ours : ['sendmail', '--profile=default', ...ours.slice(1)];
}

/** What `--help` and `--version` say, where one of them is asked for. */
async function information(argv: readonly string[]): Promise<string | undefined> {
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (options.includes('--version')) return `${version()}\n`;
  if (!options.includes('--help') && !options.includes('-h')) return undefined;
  const entry = commands.find(({ usage: form }) => form.split(' ', 1)[0] === argv[0]);
  const width = Math.min(110, process.stdout.columns || 100);
  if (entry === undefined) return overview(commands, globalOptions, width);
  return commandHelp(entry, (await entry.load()).options, globalOptions, width);
}

async function parse(argv: readonly string[]): Promise<Chosen> {
  let chosen: Chosen | undefined;
  const parser = yargs(disguiseOperands(argv))
    .scriptName('fivewire')
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
  for (const { usage: command, describe, load } of commands) {
    parser.command(
      command,
      describe,
      async (builder: Argv) => builder.options(forYargs((await load()).options)),
      async (args) => {
        chosen = { module: await load(), args: revealOperands(args) };
      },
    );
  }
  try {
    await parser.parseAsync();
  } catch (error) {
    throw isFailure(error) ? error : wrongUsage(error);
  }
  if (chosen === undefined) throw usage('Which command?', 'See fivewire --help.');
  return chosen;
}

/** @throws Failure 64 */
function refuseEmpty(args: Args, options: Readonly<Record<string, OptionSpec>>): void {
  for (const [name, value] of Object.entries(args)) {
    if (options[name]?.mayBeEmpty || name === '_' || name === '$0') continue;
    if (value === '' || (Array.isArray(value) && value.includes('')))
      throw usage(
        `${name in options ? `--${name}` : name.toUpperCase()} is empty`,
        'Leave it out, or give it a value: a variable of the shell may be unset.',
      );
  }
}

function wrongUsage(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (/\bpassword\b/.test(message))
    return usage(
      'There is no --password: others see command lines',
      'Use --password-command, --password-stdin, --netrc or a profile.',
    );
  return usage(message, 'See fivewire --help, or fivewire COMMAND --help.');
}

const forYargs = (options: Readonly<Record<string, OptionSpec>>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, array, mayBeEmpty: _, ...rest }]) => [
      name,
      {
        ...rest,
        ...(type === 'count' ? { count: true } : { [type]: true }),
        ...(array ? { array } : {}),
      },
    ]),
  ) as Parameters<Argv['options']>[0] & object;
