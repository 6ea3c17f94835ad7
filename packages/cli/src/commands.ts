/** What there is to run. Each module is loaded when its command is: start-up costs what one command costs. */
import type { CommandModule } from './context.js';

export interface CommandEntry {
  /** As yargs takes it: name and positional arguments. */
  usage: string;
  describe: string;
  /** How its arguments are written, and what each form means. */
  forms: readonly (readonly [string, string])[];
  examples: readonly string[];
  /** What may stand first, where that is a word of ours. */
  verbs?: readonly string[];
  load: () => Promise<CommandModule>;
}

export const commands: readonly CommandEntry[] = [
  {
    usage: 'ls [url]',
    describe: 'List a directory, mailboxes, messages, newsgroups or articles',
    forms: [
      [
        'ftps://user@host/dir',
        'a directory, relative to the login directory; ftps://host//dir is absolute',
      ],
      ['imaps://user@host', 'all mailboxes; imaps://user@host/INBOX: its messages'],
      ['pop3s://user@host', 'the messages of the maildrop'],
      ['nntps://host', 'newsgroups; nntps://host/GROUP: its articles'],
    ],
    examples: [
      'fivewire ls -l ftps://alice@ftp.example.org/reports --netrc',
      'fivewire ls imaps://alice@imap.example.org/INBOX --netrc --json',
    ],
    load: () => import('./commands/ls.js'),
  },
  {
    usage: 'get <url> [dest]',
    describe: 'Download a file, a tree, a message or an article',
    forms: [
      ['ftps://user@host/file', 'a file; with -r a directory and all below it'],
      ['imaps://user@host/INBOX/;UID=5', 'a message; behind it /;SECTION=2: one part'],
      ['pop3s://user@host/3', 'the third message'],
      ['nntps://host/GROUP/12', 'an article; also nntps://host/MESSAGE-ID'],
      ['DEST', 'a file, a directory, a device, or - for stdout; default: its own name here'],
    ],
    examples: [
      'fivewire get ftps://alice@ftp.example.org/report.csv --netrc',
      "fivewire get 'imaps://alice@imap.example.org/INBOX/;UID=5' mail.eml --netrc",
    ],
    load: () => import('./commands/get.js'),
  },
  {
    usage: 'put <file> <url> [more..]',
    describe: 'Upload a file, a tree or stdin (-) by FTP',
    forms: [
      ['FILE', 'a file, - for stdin; with -r a directory and all below it'],
      ['FILE FILE … URL', 'several files, into a directory: the URL stands last, and ends in /'],
      ['ftps://user@host/name', 'under that name; ending in /: into that directory'],
    ],
    examples: [
      'fivewire put report.csv ftps://alice@ftp.example.org/in/ --netrc',
      'fivewire put *.csv ftps://alice@ftp.example.org/in/ --netrc',
      'tar c src | fivewire put - ftps://alice@ftp.example.org/src.tar --netrc',
    ],
    load: () => import('./commands/put.js'),
  },
  {
    usage: 'rm <url>',
    describe: 'Remove files or a directory by FTP, messages by IMAP and POP3, or a mailbox',
    forms: [
      [
        'ftps://user@host/path',
        'a file or an empty directory; with -r a directory and all below it; /logs/*.log: files',
      ],
      ['imaps://user@host/MAILBOX/;UID=5', 'messages; without UIDs: those that --older-than says'],
      ['imaps://user@host/MAILBOX', 'with -r the mailbox and its messages; those below it stay'],
      ['pop3s://user@host/3', 'the third message'],
    ],
    examples: [
      'fivewire rm ftps://alice@ftp.example.org/old.csv --netrc',
      'fivewire rm -r ftps://alice@ftp.example.org/old --netrc',
    ],
    load: () => import('./commands/rm.js'),
  },
  {
    usage: 'mkdir <url>',
    describe: 'Make a directory by FTP, or a mailbox by IMAP',
    forms: [
      ['ftps://user@host/dir', 'the directory to make; with -p those above it too'],
      ['imaps://user@host/MAILBOX', 'the mailbox to make; with -p one that exists is no error'],
    ],
    examples: [
      'fivewire mkdir imaps://alice@imap.example.org/Archive --netrc',
      'fivewire mkdir -p ftps://alice@ftp.example.org/a/b/c --netrc',
    ],
    load: () => import('./commands/mkdir.js'),
  },
  {
    usage: 'mv <url> <to>',
    describe: 'Rename or move by FTP; rename a mailbox by IMAP',
    forms: [
      ['ftps://user@host/old', 'what is to be renamed or moved'],
      ['imaps://user@host/OLD', 'a mailbox; fivewire move moves messages'],
      ['TO', 'the new path or name on the same server; ending in /: into that directory'],
    ],
    examples: [
      'fivewire mv ftps://alice@ftp.example.org/a.csv b.csv --netrc',
      'fivewire mv ftps://alice@ftp.example.org/in/a.csv done/a.csv --netrc',
    ],
    load: () => import('./commands/mv.js'),
  },
  {
    usage: 'stat <url>',
    describe: 'What a path on an FTP server is, or a mailbox, a maildrop, a newsgroup',
    forms: [
      ['ftps://user@host/path', 'a file or a directory'],
      ['imaps://user@host/MAILBOX', 'its messages, unseen ones, UIDNEXT and UIDVALIDITY'],
      ['pop3s://user@host', 'how many messages, and their octets; /3: the third message'],
      ['nntps://host/GROUP', 'how many articles, from where to where; /12: an article'],
    ],
    examples: [
      'fivewire stat ftps://alice@ftp.example.org/report.csv --netrc',
      'fivewire stat ftps://alice@ftp.example.org/report.csv --netrc --json',
    ],
    load: () => import('./commands/stat.js'),
  },
  {
    usage: 'send [url]',
    describe: 'Send a message: composed here, from a file, or from stdin',
    forms: [
      ['smtps://user@host', 'a submission server, implicit TLS, port 465'],
      ['smtp://user@host', 'the same by STARTTLS, port 587'],
    ],
    examples: [
      'fivewire send smtps://alice@smtp.example.org --netrc --from alice@example.org --to bob@example.net --subject Hi --text Hello',
      "fivewire send --profile work --each people.csv --to '{{email}}' --subject 'Hello {{name}}' --text @letter.txt",
    ],
    load: () => import('./commands/send.js'),
  },
  {
    usage: 'fetch [url] [dest]',
    describe: 'Fetch what is new into a Maildir, an mbox, a command, or as JSON lines',
    forms: [
      ['imaps://user@host/INBOX', 'a mailbox; without one: INBOX'],
      ['pop3s://user@host', 'the maildrop'],
      ['nntps://host/GROUP', 'a newsgroup'],
      ['DEST', 'a Maildir; mbox:FILE; attachments:DIR; - for JSON lines'],
    ],
    examples: [
      'fivewire fetch imaps://alice@imap.example.org Maildir --netrc',
      "fivewire fetch pop3s://alice@pop.example.org --netrc --exec 'procmail' --delete --state ~/.fetched",
    ],
    load: () => import('./commands/fetch.js'),
  },
  {
    usage: 'sendmail [recipients..]',
    describe: 'Send one message from stdin, as programs call sendmail',
    forms: [
      ['RECIPIENTS', 'addresses; with -t those of To, Cc and Bcc too'],
      [
        '-t -i -f ADDRESS -F NAME',
        'as sendmail takes them; -N, -R and -V ask for reports of delivery; -oi, -oem, -bm, … as well',
      ],
    ],
    examples: [
      'fivewire sendmail -t -i < message.eml',
      'fivewire sendmail --profile work --queue-dir ~/.outbox -f alice@example.org bob@example.net < message.eml',
    ],
    load: () => import('./commands/sendmail.js'),
  },
  {
    usage: 'queue <what> <dir> [id]',
    describe: 'Messages that wait: list, flush, retry or rm',
    forms: [
      ['list DIR', 'what waits, and what is parked and why'],
      ['flush DIR', 'send what waits'],
      ['retry DIR ID', 'a parked message waits again; rm DIR ID: it is removed'],
    ],
    examples: ['fivewire queue flush ~/.outbox', 'fivewire queue list ~/.outbox --json'],
    verbs: ['list', 'flush', 'retry', 'rm'],
    load: () => import('./commands/queue.js'),
  },
  {
    usage: 'sync <src> <dst>',
    describe: 'Copy what has changed: mailboxes, maildrops, newsgroups, trees of files',
    forms: [
      ['imaps://user@host/MAILBOX', 'a mailbox, from or to a Maildir or another mailbox'],
      ['imaps://user@host', 'all mailboxes of an account, from or to Maildir++ or another account'],
      ['pop3s://user@host', 'a maildrop, to a Maildir or mbox:FILE'],
      ['nntps://host/GROUP', 'a newsgroup, to a Maildir or mbox:FILE'],
      ['ftps://user@host/dir', 'a tree, from or to a directory here: as fivewire mirror'],
      ['PATH', 'a Maildir; mbox:FILE; beside FTP a directory'],
    ],
    examples: [
      'fivewire sync imaps://alice@imap.example.org Mail --netrc --delete',
      'fivewire sync imaps://alice@old.example.org imaps://alice@new.example.org --netrc',
    ],
    load: () => import('./commands/sync.js'),
  },
  {
    usage: 'mirror <src> <dst>',
    describe: 'Make a tree by FTP like another one, in either direction',
    forms: [
      ['ftps://user@host/dir', 'a directory on the server'],
      ['PATH', 'a directory here'],
    ],
    examples: [
      'fivewire mirror site ftps://alice@ftp.example.org/www --netrc --delete --jobs 4',
      'fivewire mirror ftps://ftp.example.org/pub pub --exclude "*.iso"',
    ],
    load: () => import('./commands/mirror.js'),
  },
  {
    usage: 'run <file>',
    describe: 'Run the jobs of a file: any command is one',
    forms: [
      ['FILE', 'YAML: a list of commands, or of { id, run }; or a JSON value a line; - for stdin'],
    ],
    examples: [
      'fivewire run nightly.yaml --resume --jobs 4 --netrc',
      'fivewire run moves.jsonl --queue rediss://queue.example.org',
    ],
    load: () => import('./commands/run.js'),
  },
  {
    usage: 'worker',
    describe: 'Do the jobs of a queue until SIGTERM',
    forms: [['--queue rediss://host', 'where fivewire run --queue puts its jobs']],
    examples: [
      'fivewire worker --queue rediss://queue.example.org --profile work --jobs 4',
      'fivewire worker --queue redis://127.0.0.1 --netrc --rate 60/m',
    ],
    load: () => import('./commands/worker.js'),
  },
  {
    usage: 'news <what> [url] [dest]',
    describe: 'News: groups, over, get, archive, nzb or post',
    forms: [
      ['groups nntps://host', 'newsgroups'],
      ['over nntps://host/GROUP', 'the overview of a group'],
      ['get nntps://host/GROUP/12 DEST', 'an article, or all new ones to a DEST as of fetch'],
      ['archive nntps://host/GROUP DEST', 'all new articles, run after run'],
      ['nzb nntps://host FILE.nzb', 'the files of an NZB, into --into DIR'],
      ['post nntps://host FILE', 'a new article; - for stdin'],
    ],
    examples: [
      'fivewire news over nntps://news.example.org/misc.test',
      'fivewire news get nntps://news.example.org/misc.test mbox:misc.mbox',
    ],
    verbs: ['groups', 'over', 'get', 'archive', 'nzb', 'post'],
    load: () => import('./commands/news.js'),
  },
  {
    usage: 'watch <url>',
    describe: 'Wait for what changes, and print it or run a command for it',
    forms: [
      ['imaps://user@host/MAILBOX', 'the server tells at once (IDLE)'],
      ['pop3s://user@host', 'a look every --interval; also nntps://host/GROUP, ftps://host/dir'],
    ],
    examples: [
      "fivewire watch imaps://alice@imap.example.org/INBOX --netrc --only new --at-start --exec 'fivewire fetch --profile work Mail'",
      'fivewire watch ftps://alice@ftp.example.org/in --netrc --interval 5m --once --json',
    ],
    load: () => import('./commands/watch.js'),
  },
  {
    usage: 'search [url]',
    describe: 'Find messages on an IMAP server: their UIDs, one a line',
    forms: [['imaps://user@host/MAILBOX', 'the mailbox; with /;UID=1:9 only among these']],
    examples: [
      'fivewire search imaps://alice@imap.example.org/INBOX --netrc --from bob --unseen',
      'fivewire search --profile work INBOX --since 2026-11-01 --subject invoice --json',
      'fivewire search --profile work INBOX --from bob --set',
    ],
    load: () => import('./commands/search.js'),
  },
  {
    usage: 'mailboxes [url]',
    describe: 'List the mailboxes of an account: messages, unread ones, name',
    forms: [
      ['imaps://user@host', 'all of them'],
      ['imaps://user@host/Archive*', 'those whose names fit; % stops at a level'],
    ],
    examples: [
      'fivewire mailboxes imaps://alice@imap.example.org --netrc',
      'fivewire mailboxes --profile work --json',
    ],
    load: () => import('./commands/mailboxes.js'),
  },
  {
    usage: 'flag <url>',
    describe: 'Add and remove flags of messages',
    forms: [['imaps://user@host/MAILBOX/;UID=5', 'the messages: ;UID=5, ;UID=1:9']],
    examples: [
      "fivewire flag 'imaps://alice@imap.example.org/INBOX/;UID=5' --netrc --add seen",
      "fivewire flag 'imaps://alice@imap.example.org/INBOX/;UID=1:9' --netrc --remove flagged --add done",
    ],
    load: () => import('./commands/flag.js'),
  },
  {
    usage: 'move <url> <mailbox>',
    describe: 'Move messages to another mailbox',
    forms: [
      ['imaps://user@host/MAILBOX/;UID=5', 'the messages: ;UID=5, ;UID=1:9'],
      ['MAILBOX', 'the name of the other one'],
    ],
    examples: [
      "fivewire move 'imaps://alice@imap.example.org/INBOX/;UID=5' Archive --netrc",
      "fivewire move 'imaps://alice@imap.example.org/INBOX/;UID=1:9' Done/2026 --create --netrc",
    ],
    load: () => import('./commands/move.js'),
  },
  {
    usage: 'copy <url> <mailbox>',
    describe: 'Copy messages to another mailbox',
    forms: [
      ['imaps://user@host/MAILBOX/;UID=5', 'the messages: ;UID=5, ;UID=1:9'],
      ['MAILBOX', 'the name of the other one'],
    ],
    examples: [
      "fivewire copy 'imaps://alice@imap.example.org/INBOX/;UID=5' Archive --netrc",
      "fivewire copy 'imaps://alice@imap.example.org/INBOX/;UID=5' Team/Inbox --create --netrc",
    ],
    load: () => import('./commands/copy.js'),
  },
  {
    usage: 'append <file> <url>',
    describe: 'Put a finished message into a mailbox',
    forms: [
      ['FILE', 'the message (RFC 5322); - for stdin'],
      ['imaps://user@host/MAILBOX', 'the mailbox; without one: INBOX'],
    ],
    examples: [
      "fivewire append draft.eml imaps://alice@imap.example.org/Drafts --flag '\\Draft' --netrc",
      'fivewire append - imaps://alice@imap.example.org/Archive --netrc < mail.eml',
    ],
    load: () => import('./commands/append.js'),
  },
  {
    usage: 'tls [urls..]',
    describe: 'Who a server is and how the connection is protected',
    forms: [
      [
        'imaps://host',
        'any URL of the five protocols; nobody logs in, but for --probe of ftps://user@host',
      ],
      ['URL URL …', 'a row for each; the exit code is the gravest'],
    ],
    examples: [
      'fivewire tls imaps://imap.example.org --warn-days 20',
      'fivewire tls --list hosts.txt --warn-days 20 --jobs 16',
      'fivewire tls smtp://mx.example.org:25 --domain example.org --resolver 127.0.0.1:53',
    ],
    load: () => import('./commands/tls.js'),
  },
  {
    usage: 'check [urls..]',
    describe: 'Find out what is wrong: DNS, TCP, TLS, login, capabilities',
    forms: [['imaps://user@host', 'any URL of the five protocols; several: a row for each']],
    examples: [
      'fivewire check imaps://alice@imap.example.org --netrc',
      'fivewire check --json smtp://alice@smtp.example.org --netrc',
    ],
    load: () => import('./commands/check.js'),
  },
  {
    usage: 'login <what>',
    describe:
      'Log in by OAuth with a client id of your own: google, microsoft, other; token, keyring, forget',
    forms: [
      ['google', 'in a browser on this machine (loopback and PKCE)'],
      ['microsoft', 'by a code that is typed on a page (device code)'],
      ['other', 'by --authorize-url or --device-url, --token-url and --scope'],
      ['token', 'prints a token that is good now, renewed where it has ended'],
      [
        'keyring',
        'keeps a password, the first line of stdin, in the system’s keyring, for --keyring',
      ],
      [
        'forget',
        'removes what is kept here; with --host, the password of that server from the keyring',
      ],
    ],
    examples: [
      'fivewire login google --user alice@gmail.com --client-id ID --client-secret-file secret.txt',
      "fivewire ls imaps://alice%40gmail.com@imap.gmail.com --token-command 'fivewire login token --user alice@gmail.com'",
    ],
    verbs: ['google', 'microsoft', 'other', 'token', 'keyring', 'forget'],
    load: () => import('./commands/login.js'),
  },
  {
    usage: 'config <what>',
    describe: 'config check: is the configuration file right?',
    forms: [['check', 'reads the configuration file and says what is wrong with it']],
    examples: ['fivewire config check', 'fivewire config check --config ./config.yaml'],
    verbs: ['check'],
    load: () => import('./commands/config.js'),
  },
  {
    usage: 'serve',
    describe: 'Run throwaway servers of all five protocols on loopback',
    forms: [['(none)', 'prints ports, users and where the authority lies']],
    examples: ['fivewire serve', 'fivewire serve --json'],
    load: () => import('./commands/serve.js'),
  },
  {
    usage: 'man',
    describe: 'Print the man page',
    forms: [['(none)', 'troff, for man and for packages']],
    examples: ['fivewire man | man -l -', 'fivewire man > /usr/local/share/man/man1/fivewire.1'],
    load: () => import('./commands/man.js'),
  },
  {
    usage: 'completion [shell]',
    describe: 'Print a completion script for bash, zsh or fish',
    forms: [['SHELL', 'bash, zsh or fish; default: by $SHELL']],
    examples: [
      'fivewire completion bash >> ~/.bashrc',
      'fivewire completion fish > ~/.config/fish/completions/fivewire.fish',
    ],
    verbs: ['bash', 'zsh', 'fish'],
    load: () => import('./commands/completion.js'),
  },
];
