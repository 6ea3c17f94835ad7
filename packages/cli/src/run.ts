/** One run of the command line: arguments to exit code. */
import yargs, { type Argv } from 'yargs';
import { commands } from './commands.js';
import type { Args, CommandModule, OptionSpec } from './context.js';
import { type ExitCode, exitCodeOf, exitCodes, Failure, isFailure, usage } from './exit-code.js';
import { globalOptions, readSettings } from './global-options.js';
import { Output } from './output.js';
import { report } from './report.js';
import { version } from './version.js';

export interface RunOptions {
  /** Ends the command: what it has saved stays saved. */
  signal?: AbortSignal;
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
export async function run(argv: readonly string[], { signal }: RunOptions = {}): Promise<number> {
  const stop = signal ?? new AbortController().signal;
  let out = new Output({ json: argv.includes('--json'), quiet: false, verbosity: 0 });
  try {
    const chosen = await parse(argv);
    if (chosen === undefined) return exitCodes.ok;
    const { args, module } = chosen;
    const settings = readSettings(args);
    out = new Output({
      json: args.json === true,
      quiet: args.quiet === true,
      verbosity: Number(args.verbose ?? 0),
    });
    const profile = await readProfile(args);
    return (await module.run(args, { settings, profile, out, signal: stop })) ?? exitCodes.ok;
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

/**
 * yargs takes a lone `-` among positional arguments for an option without a name. No argument of a process can hold
 * NUL, so this can stand for nothing else.
 */
const standsForDash = '\0';

const withDashes = (args: object): Args =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, value === standsForDash ? '-' : value]),
  );

interface Chosen {
  module: CommandModule;
  args: Args;
}

/** @returns nothing where yargs has done it all: help, completion */
async function parse(argv: readonly string[]): Promise<Chosen | undefined> {
  let chosen: Chosen | undefined;
  const parser = yargs(argv.map((arg) => (arg === '-' ? standsForDash : arg)))
    .scriptName('fivewire')
    .usage(
      'fivewire COMMAND URL …\n\nScripted mail and files over verified TLS: FTP, IMAP, POP3, SMTP, NNTP.',
    )
    .parserConfiguration({
      'greedy-arrays': false,
      'boolean-negation': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .options(forYargs(globalOptions))
    .group(Object.keys(globalOptions), 'Options of every command:')
    .demandCommand(1, 'Which command?')
    .recommendCommands()
    .strict()
    .version(version())
    .completion('completion', 'Print a completion script for bash or zsh')
    .wrap(Math.min(100, process.stdout.columns || 100))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail(false);
  for (const { usage: command, describe, load } of commands) {
    parser.command(
      command,
      describe,
      async (builder: Argv) => builder.options(forYargs((await load()).options)),
      async (args) => {
        chosen = { module: await load(), args: withDashes(args) };
      },
    );
  }
  try {
    await parser.parseAsync();
  } catch (error) {
    throw isFailure(error) ? error : wrongUsage(error);
  }
  return chosen;
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
    Object.entries(options).map(([name, { type, array, ...rest }]) => [
      name,
      {
        ...rest,
        ...(type === 'count' ? { count: true } : { [type]: true }),
        ...(array ? { array } : {}),
      },
    ]),
  ) as Parameters<Argv['options']>[0] & object;
