/** What there is to run. Each module is loaded when its command is: start-up costs what one command costs. */
import type { CommandModule } from './context.js';

export interface CommandEntry {
  /** As yargs takes it: name and positional arguments. */
  usage: string;
  describe: string;
  load: () => Promise<CommandModule>;
}

export const commands: readonly CommandEntry[] = [
  {
    usage: 'ls [url]',
    describe: 'List a directory, mailboxes, messages, newsgroups or articles',
    load: () => import('./commands/ls.js'),
  },
  {
    usage: 'get <url> [dest]',
    describe: 'Download a file, a tree, a message or an article',
    load: () => import('./commands/get.js'),
  },
  {
    usage: 'put <file> <url>',
    describe: 'Upload a file, a tree or stdin (-) by FTP',
    load: () => import('./commands/put.js'),
  },
  {
    usage: 'rm <url>',
    describe: 'Remove a file or directory by FTP',
    load: () => import('./commands/rm.js'),
  },
  {
    usage: 'mkdir <url>',
    describe: 'Make a directory by FTP',
    load: () => import('./commands/mkdir.js'),
  },
  {
    usage: 'mv <url> <to>',
    describe: 'Rename or move by FTP',
    load: () => import('./commands/mv.js'),
  },
  {
    usage: 'stat <url>',
    describe: 'What a path on an FTP server is',
    load: () => import('./commands/stat.js'),
  },
  {
    usage: 'send [url]',
    describe: 'Send a message: composed here, from a file, or from stdin',
    load: () => import('./commands/send.js'),
  },
  {
    usage: 'fetch [url] [dest]',
    describe: 'Fetch what is new into a Maildir, an mbox, a command, or as JSON lines',
    load: () => import('./commands/fetch.js'),
  },
  {
    usage: 'news <what> [url] [dest]',
    describe: 'News: groups, over, get or post',
    load: () => import('./commands/news.js'),
  },
  {
    usage: 'tls <url>',
    describe: 'Who a server is and how the connection is protected',
    load: () => import('./commands/tls.js'),
  },
  {
    usage: 'check <url>',
    describe: 'Find out what is wrong: DNS, TCP, TLS, login, capabilities',
    load: () => import('./commands/check.js'),
  },
  {
    usage: 'config <what>',
    describe: 'config check: is the configuration file right?',
    load: () => import('./commands/config.js'),
  },
  {
    usage: 'serve',
    describe: 'Run throwaway servers of all five protocols on loopback',
    load: () => import('./commands/serve.js'),
  },
];
