/** What the clients advise a program, said to a person at a shell: options of the command line for arguments of a call. */

/** In this order; the first column is the libraries' wording. */
const words: readonly (readonly [
  RegExp,
  string | ((found: string, ...parts: string[]) => string),
])[] = [
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
  [
    /(?:use )?security:? ["'`]?(implicit-tls|starttls|cleartext)["'`]?(?: or ["']?(implicit-tls|starttls)["']?)?/g,
    (_: string, first: string, second?: string) =>
      `--security ${first}${second === undefined ? '' : ` or ${second}`}`,
  ],
  [
    /The server does not allow this name\.$/g,
    'The server does not allow this name, or the directory above it is not there: fivewire mkdir -p makes it.',
  ],
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
    /Give the contents of the file, not its path: (\w+): [^.]*\.pem'\)\./g,
    'The file of --$1 must hold what begins with -----BEGIN.',
  ],
  [
    /give its certificate as ca, or pins: .*? with trust: 'pins'/g,
    'give its certificate in a file, --ca FILE',
  ],
  [/as cert and key \(or pfx\)/g, 'by --cert and --key'],
  [/: cert and key\./g, ': --cert and --key.'],
  [/ minVersion and maxVersion leave none/g, ' --tls-min leaves none'],
  [/\s*\b(?:alpn|sni): false leaves [^.]*\./g, ''],
  [/: set mechanisms: \['PLAIN'\][^.]*\./g, '.'],
  [/, search\(\{[^)]*\}\),/g, ''],
  [/remove them with addFlags\([^)]*\) and expunge\(\w*\)/g, 'fivewire rm removes them'],
  [
    /Connect again and ask stat\('[^']*'\), or post it once more with again: true, under the same message-id\./g,
    'fivewire news get with its message-id tells whether it is there: ask before you post it again.',
  ],
  [
    /Give a number, an iterable of numbers, a UidSet, or a set as text such as '1:5,7,9:\*'\./g,
    'UIDs are written 5, 1:9, 7:* or 1,4:6.',
  ],
  [
    /'' for the whole message, a number such as '1\.2' from message\.structure, 'TEXT', 'HEADER', or '2\.MIME'\./g,
    'A section is a number such as 1.2, or TEXT, HEADER, 2.MIME.',
  ],
  [/Such as '\\\\?Seen', '\\\\?Flagged', '\$Junk'\./g, 'Such as seen, flagged, $Junk.'],
  [/Say in sender which of them sends the message \(RFC 5322 §3\.6\.2\)\./g, 'Name one.'],
  [/Name at least one recipient in to, cc or bcc\./g, 'Name at least one: --to, --cc, --bcc.'],
  [
    /Write it as alice@example\.org or Alice <alice@example\.org>\./g,
    'Write it as alice@example.org or Alice <alice@example.org>; --domain completes names alone.',
  ],
  [/give it as auth\.password/g, 'use --password-command, --password-stdin or --netrc'],
  [/: name what it takes, mechanisms: .*/g, '.'],
  [/Check space, permissions and the stream that was given/g, 'Check space and permissions'],
  [/,? or raise limits\.\w+/g, ''],
  [/`?allowCleartextAuth: true`?/g, '--allow-cleartext-auth'],
  [/the others 'implicit-tls'/g, 'the others implicit-tls'],
  // What a call's check says where it knows no better.
  [/Correct the argument that the message names\./g, ''],
  [/Correct the option \w+; the defaults are safe\./g, ''],
  [/dial the IP address as host/g, 'dial the IP address'],
  [/give that as serverHostname/g, 'give that as --server-hostname'],
  [/`?\bserverHostname\b`?/g, '--server-hostname'],
  [
    /give (it|its root|its certificate|the roots|the root) as ca\b(?:, beside[^:;.]*)?/g,
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

/** Fields of a message that are options here. */
const fields =
  /^(to|cc|bcc|from|replyTo|subject|attachments|headers|inReplyTo|references|cert|key|ca|proxy)(?:\[\d+\])?(?:\.([\w-]+))?(?= (?:holds?|has|needs?|is|names?|cannot)\b)/;

const optionOf: Readonly<Record<string, string>> = {
  replyTo: 'reply-to',
  attachments: 'attach',
  headers: 'header',
  inReplyTo: 'header In-Reply-To',
  references: 'header References',
};

/** What is wrong, where a client names an argument of a call: the option that it came by. */
export const messageForPeople = (message: string): string =>
  message
    .replace(
      fields,
      (_, name: string, part?: string) =>
        `--${optionOf[name] ?? name}${part === undefined ? '' : ` ${part}`}`,
    )
    .replace(/^port(?= must be)/, 'The port of the URL')
    .replace(
      /^mechanisms must be .*/,
      'The mechanism of the URL, ;AUTH=, is none that is known here',
    )
    .replace(/(?<=^--from holds several addresses), and sender is missing/, '');

export const forPeople = (hint: string): string =>
  withoutCalls(
    words.reduce((text, [pattern, said]) => text.replace(pattern, said as string), hint),
  );

/** Advice that only a program can follow is none here: the clause that gives it is left out. */
function withoutCalls(text: string): string {
  const clauses = text.split(/(?<=[.:;])\s+/);
  const kept = clauses.filter((one) => !/\w\(|`/.test(one));
  return kept.length === clauses.length ? text : kept.join(' ').replace(/[:;]$/, '.');
}
