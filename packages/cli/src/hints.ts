/** What the clients advise a program, said to a person at a shell: options of the command line for arguments of a call. */

/** In this order; the first column is the libraries' wording. */
const words: readonly (readonly [RegExp, string | ((found: string) => string)])[] = [
  [
    /Give auth to connect\(\)(?:: this needs a login)?\.?|Log in first: give `auth`\.|(?<=login first: )give `auth`\./g,
    'Name a user in the URL, as in imaps://alice@host, and where the password is: --netrc, --password-command.',
  ],
  [
    /,? or (?:make the call |read long ones )?on (?:another connection|a connection of their own) \(create\w+Pool\)/g,
    '',
  ],
  [/,? or use create\w+Pool(?:: [^.]*)?/g, ''],
  [/`?timeouts\.\w+`?(?: or the call's `timeout`)?/g, '--timeout'],
  [/(?:use )?security:? ["'`]?(implicit-tls|starttls|cleartext)["'`]?/g, '--security $1'],
  [/create\(\) it first/g, 'fivewire mkdir makes it'],
  [/\blist\(\) shows\b/g, 'fivewire ls shows'],
  [/\blook with list\(\)/g, 'look with fivewire ls'],
  [/\bgroup\(\) tells the numbers/g, 'fivewire ls shows the numbers'],
  [/\blistActive\(\) tells which groups/g, 'fivewire news groups shows which'],
  [/`tls\.cert`/g, '--cert'],
  [/(?:with|without) `resume`/g, (found) => `${found.split(' ')[0]} --resume`],
  [
    /Look at the plan with `dryRun: true`; then raise `mostDeletions`/g,
    'Look at the plan with --dry-run; then raise --max-delete',
  ],
  [
    /Give the contents of the file, not its path: ca: [^.]*\.pem'\)\./g,
    'The file of --ca must hold certificates.',
  ],
  [/give it as auth\.password/g, 'use --password-command, --password-stdin or --netrc'],
  [/: name what it takes, mechanisms: .*/g, '.'],
  [/Check space, permissions and the stream that was given/g, 'Check space and permissions'],
  [/,? or raise limits\.\w+/g, ''],
  [/`?allowCleartextAuth: true`?/g, '--allow-cleartext-auth'],
  [/give that as serverHostname/g, 'give that as --server-hostname'],
  [/`?\bserverHostname\b`?/g, '--server-hostname'],
  [
    /give (it|its root|the roots|the root) as ca\b(?:, beside[^:;.]*)?/g,
    'give $1 in a file, --ca FILE',
  ],
  [/\badd that to pins\b/g, 'give that as --pin'],
  [/\bpins\b/g, '--pin'],
  [/`?\bminVersion\b`?/g, '--tls-min'],
  [
    /Raise limits\.\w+ if you trust this server[^.]*\./g,
    'The command line has no option that allows more.',
  ],
];

export const forPeople = (hint: string): string =>
  withoutCalls(
    words.reduce((text, [pattern, said]) => text.replace(pattern, said as string), hint),
  );

/** Advice that only a program can follow is none here: the clause that gives it is left out. */
function withoutCalls(text: string): string {
  const clauses = text.split(/(?<=[.:;])\s+/);
  const kept = clauses.filter((one) => !/\w\(\)|`/.test(one));
  return kept.length === clauses.length ? text : kept.join(' ').replace(/[:;]$/, '.');
}
