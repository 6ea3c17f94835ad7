/** What the clients advise a program, said to a person at a shell: options of the command line for arguments of a call. */

/** In this order; the first column is the libraries' wording. */
const words: readonly (readonly [RegExp, string])[] = [
  [
    /Give auth to connect\(\)\.?/g,
    'Name a user in the URL, as in imaps://alice@host, and where the password is: --netrc, --password-command.',
  ],
  [
    /,? or (?:make the call |read long ones )?on (?:another connection|a connection of their own) \(create\w+Pool\)/g,
    '',
  ],
  [/,? or use create\w+Pool(?:: [^.]*)?/g, ''],
  [/`?timeouts\.\w+`?(?: or the call's `timeout`)?/g, '--timeout'],
  [/(?:use )?security:? ["'`]?(implicit-tls|starttls|cleartext)["'`]?/g, '--security $1'],
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
  words.reduce((text, [pattern, said]) => text.replace(pattern, said), hint);
