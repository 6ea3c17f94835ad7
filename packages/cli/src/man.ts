/** The man page, of what `--help` says: the commands, their forms, options, examples, and the exit codes. */
import type { CommandEntry } from './commands.js';
import type { OptionSpec } from './context.js';
import { exitRows, optionRows, schemes } from './help.js';

type Options = Readonly<Record<string, OptionSpec>>;

export interface ManCommand extends Omit<CommandEntry, 'load'> {
  options: Options;
}

/** troff, of the man macros. */
export function manPage(commands: readonly ManCommand[], shared: Options, version: string): string {
  return [
    `.TH FIVEWIRE 1 "" "fivewire ${roff(version)}" "User commands"`,
    '.SH NAME',
    'fivewire \\- scripted mail and files over verified TLS',
    '.SH SYNOPSIS',
    '.B fivewire',
    '.I COMMAND URL ...',
    '.SH DESCRIPTION',
    'Data goes to stdout, talk to stderr. What was done is silent; it is a line with \\fB\\-v\\fR and a record with \\fB\\-\\-json\\fR.',
    '.SH URLS',
    ...rows(schemes),
    '.SH COMMANDS',
    ...commands.flatMap(({ usage, describe, forms, options, examples }) => [
      `.SS fivewire ${roff(usage)}`,
      `${text(describe)}.`,
      ...rows(forms),
      ...rows(optionRows(options)),
      '.PP',
      '.nf',
      ...examples.map(text),
      '.fi',
    ]),
    '.SH OPTIONS OF EVERY COMMAND',
    ...rows(optionRows(shared)),
    '.SH EXIT STATUS',
    ...rows(exitRows),
    '.SH FILES',
    ...rows([
      ['~/.config/fivewire/config.yaml', 'profiles'],
      ['~/.local/state/fivewire', 'journals of sync, and tokens of login'],
      ['~/.netrc', 'users and passwords, where --netrc asks for them'],
    ]),
    '',
  ].join('\n');
}

const rows = (all: readonly (readonly [string, string])[]): string[] =>
  all.flatMap(([name, says]) => ['.TP', `\\fB${roff(name)}\\fR`, text(says)]);

/** A dash is a minus, as it is typed; what troff would take for its own is not. */
const roff = (words: string): string =>
  words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('’', '\\(cq');

const text = (words: string): string => roff(words).replace(/^(?=[.'])/, '\\&');
