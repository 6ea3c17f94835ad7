/** `fivewire completion bash|zsh|fish`: a script that the shell reads; made from the same tables as `--help`. */
import { basename } from 'node:path';
import { type CommandEntry, commands } from '../commands.js';
import { type Args, type Context, optionalText } from '../context.js';
import { usage } from '../exit-code.js';
import { globalOptions } from '../global-options.js';
import { named } from '../named.js';

export const options = {} as const;

export async function run(args: Args, { out }: Context): Promise<undefined> {
  const shell = optionalText(args.shell) ?? basename(process.env.SHELL ?? 'bash');
  const script = named(scripts, shell);
  if (script === undefined)
    throw usage(`There is no completion for ${shell}`, 'There is for bash, zsh and fish.');
  await out.write(script(await words()));
}

interface Words {
  name: string;
  describe: string;
  /** Verbs of `news` and `config`. */
  verbs: readonly string[];
  options: readonly { name: string; describe: string; choices: readonly string[] }[];
}

const words = (): Promise<Words[]> =>
  Promise.all(
    commands.map(async ({ usage: form, describe, verbs = [], load }: CommandEntry) => ({
      name: form.split(' ', 1)[0] as string,
      describe,
      verbs,
      options: Object.entries({ ...(await load()).options, ...globalOptions }).map(
        ([name, option]) => ({
          name: `--${name}`,
          describe: option.describe,
          choices: option.choices ?? [],
        }),
      ),
    })),
  );

const scripts: Readonly<Record<string, (all: Words[]) => string>> = { bash, zsh, fish };

function bash(all: Words[]): string {
  const cases = all.map(({ name, verbs, options: own }) => {
    const values = own
      .filter(({ choices }) => choices.length > 0)
      .map(
        (one) =>
          `        ${one.name}) COMPREPLY=($(compgen -W "${one.choices.join(' ')}" -- "$word")); return;;\n`,
      );
    return `    ${name})
      case "$before" in
${values.join('')}      esac
      case "$word" in
        -*) COMPREPLY=($(compgen -W "${own.map((one) => one.name).join(' ')} --help" -- "$word"));;
        *) COMPREPLY=($(compgen -W "${verbs.join(' ')}" -- "$word") $(_fivewire_profiles "$before") $(compgen -f -- "$word"));;
      esac;;
`;
  });
  return `# fivewire completion bash >> ~/.bashrc
${profileReader}
_fivewire() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${all.map(({ name }) => name).join(' ')} --help --version" -- "$word"))
    return
  fi
  if [ "$before" = --profile ]; then
    COMPREPLY=($(compgen -W "$(_fivewire_profiles --profile)" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('')}  esac
}
complete -o filenames -F _fivewire fivewire
`;
}

function zsh(all: Words[]): string {
  const quoted = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", '’');
  const cases = all.map(({ name, verbs, options: own }) => {
    const specs = own.map((one) => {
      const value =
        one.choices.length > 0
          ? `:value:(${one.choices.join(' ')})`
          : one.name === '--profile'
            ? ':profile:_fivewire_profile'
            : '';
      return `'${one.name}[${quoted(one.describe)}]${value}'`;
    });
    const first = verbs.length > 0 ? `'1:verb:(${verbs.join(' ')})' ` : '';
    return `    ${name}) _arguments ${specs.join(' ')} ${first}'*:file:_files';;\n`;
  });
  return `#compdef fivewire
# fivewire completion zsh >> ~/.zshrc
${profileReader}
_fivewire_profile() { compadd -- $(_fivewire_profiles --profile) }
_fivewire() {
  if (( CURRENT == 2 )); then
    local -a verbs=(${all.map(({ name, describe }) => `'${name}:${quoted(describe)}'`).join(' ')})
    _describe command verbs
    return
  fi
  local verb="$words[2]"
  shift words; (( CURRENT-- ))
  case "$verb" in
${cases.join('')}  esac
}
compdef _fivewire fivewire
`;
}

function fish(all: Words[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", '’')}'`;
  const lines = all.flatMap(({ name, describe, verbs, options: own }) => [
    `complete -c fivewire -n __fish_use_subcommand -f -a ${name} -d ${quoted(describe)}`,
    ...(verbs.length > 0
      ? [
          `complete -c fivewire -n '__fish_seen_subcommand_from ${name}' -f -a ${quoted(verbs.join(' '))}`,
        ]
      : []),
    ...own.map((one) => {
      const value =
        one.choices.length > 0
          ? ` -x -a ${quoted(one.choices.join(' '))}`
          : one.name === '--profile'
            ? " -x -a '(_fivewire_profiles --profile)'"
            : '';
      return `complete -c fivewire -n '__fish_seen_subcommand_from ${name}' -l ${one.name.slice(2)}${value} -d ${quoted(one.describe)}`;
    }),
  ]);
  return `# fivewire completion fish > ~/.config/fish/completions/fivewire.fish
function _fivewire_profiles
  sed -n 's/^  \\([A-Za-z0-9_.-]*\\):.*/\\1/p' ~/.config/fivewire/config.yaml 2>/dev/null
end
${lines.join('\n')}
`;
}

/** The names of the accounts, without starting Node. */
const profileReader = `_fivewire_profiles() {
  [ "$1" = --profile ] && sed -n 's/^  \\([A-Za-z0-9_.-]*\\):.*/\\1/p' ~/.config/fivewire/config.yaml 2>/dev/null
}`;
