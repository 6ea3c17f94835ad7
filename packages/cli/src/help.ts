/** `--help`: what a command is for, how its URLs are written, its own options, two examples, then what all commands share. */
import type { CommandEntry } from './commands.js';
import type { OptionSpec } from './context.js';

type Options = Readonly<Record<string, OptionSpec>>;

/** @param width columns of the terminal */
export function commandHelp(
  entry: CommandEntry,
  own: Options,
  shared: Options,
  width: number,
): string {
  const { usage, describe, forms, examples } = entry;
  return page([
    [`fivewire ${usage}`, describe],
    ['Where URL, FILE and DEST are:', table(forms, width)],
    ...(Object.keys(own).length === 0
      ? []
      : [['Options:', table(optionRows(own), width)] as const]),
    ['Examples:', examples.map((one) => `  ${one}`).join('\n')],
    ['Options of every command:', table(optionRows(shared), width)],
    ['Exit codes:', table(exitRows, width)],
  ]);
}

export function overview(
  commands: readonly CommandEntry[],
  shared: Options,
  width: number,
): string {
  return page([
    [
      'fivewire COMMAND URL …',
      'Scripted mail and files over verified TLS: FTP, IMAP, POP3, SMTP, NNTP.',
    ],
    [
      'Commands (fivewire COMMAND --help tells more):',
      table(
        commands.map(({ usage, describe }) => [usage, describe]),
        width,
      ),
    ],
    ['URLs:', table(schemes, width)],
    ['Options of every command:', table(optionRows(shared), width)],
    ['Exit codes:', table(exitRows, width)],
  ]);
}

export const schemes: Rows = [
  ['imaps://user@host', 'implicit TLS; likewise smtps, pop3s, nntps, ftps'],
  ['imap://user@host', 'STARTTLS or nothing; likewise smtp, pop3, nntp, ftp'],
];

export const exitRows: Rows = [
  ['0', 'done'],
  ['1', 'done in part: what failed is on stderr'],
  ['64 65 66', 'the command line; the data; a file, mailbox, message or path that is not there'],
  ['67 68 69', 'no such recipient; no such host; the server is not there or refuses'],
  ['70', 'a bug'],
  ['73 74', 'it cannot be created; the disk'],
  ['75', 'later: the same command may work in a while, and does nothing twice'],
  ['76', 'TLS, certificate or protocol'],
  ['77 78', 'not permitted, wrong login; the configuration'],
  ['129 130 143', 'hung up; interrupted; terminated'],
];

export type Rows = readonly (readonly [string, string])[];

export const optionRows = (options: Options): Rows =>
  Object.entries(options).map(([name, { alias, type, describe, choices }]) => {
    const value = type === 'string' ? (choices === undefined ? ' …' : ` ${choices.join('|')}`) : '';
    return [`${alias === undefined ? '' : `-${alias}, `}--${name}${value}`, describe];
  });

const page = (sections: readonly (readonly [string, string])[]): string =>
  `${sections.map(([title, text]) => `${title}\n${text.startsWith('  ') ? '' : '\n'}${text}`).join('\n\n')}\n`;

/** Two columns; what does not fit beside its name stands below it. */
function table(rows: Rows, width: number): string {
  const column = Math.min(34, Math.max(...rows.map(([name]) => name.length)) + 4);
  return rows
    .map(([name, text]) => {
      const lines = wrap(text, Math.max(30, width - column));
      const first =
        name.length + 4 > column ? `  ${name}\n${' '.repeat(column)}` : `  ${name}`.padEnd(column);
      return first + lines.join(`\n${' '.repeat(column)}`);
    })
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
