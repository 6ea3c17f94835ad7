/** The methods of FtpClient, which are those of its pool too, and what can be wrong with their arguments. */
import { Writable } from 'node:stream';
import type { FtpClient, FtpPool } from '@fivewire/ftp';
import { callOptions, option, type Table } from './table.js';
import {
  type BadValues,
  body,
  date,
  milliseconds,
  optionalCount,
  optionalFlag,
  optionalFunction,
  optionalList,
  optionalPositive,
  optionalWord,
  text,
  textOrEmpty,
  without,
} from './values.js';

type Client = FtpClient | FtpPool;

const path = text;
const verify = { ...without(optionalWord, 'a boolean'), true: true };
const mode: BadValues = {
  ...without(optionalCount, '2**53'),
  undefined: undefined,
  'more than 0o7777': 0o10000,
};
const facts: BadValues = {
  undefined: undefined,
  null: null,
  'a string': 'modify=1',
  'a list': [['modify', 1]],
  'a date': new Date(0),
  nothing: {},
  'a value with a semicolon': { modify: '1;create=2' },
  'a value with a line': { modify: '1\r\nQUIT' },
  'a value with a blank': { modify: '1 2' },
  'a name with a line': { 'a\r\nb': '1' },
  'a name with an equals sign': { 'a=b': '1' },
  'no valid date': { modify: new Date(Number.NaN) },
  'a fraction': { size: 1.5 },
  'a flag': { modify: true },
};
const target: BadValues = {
  ...without(body, 'an array of itself', 'an empty array'),
  'a list': [],
  'no file URL': new URL('https://example.org/'),
  'a NUL': 'a\0b',
  'an empty string': '',
};
const source: BadValues = {
  ...body,
  'no path': { file: 7 },
  'a path with NUL': { file: 'a\0b' },
  'no file URL': { file: new URL('https://example.org/') },
};
const sink = () => new Writable({ write: (_octets, _encoding, done) => done() });

const place = target;
const up = { direction: 'up' } as const;
const word: BadValues = { ...optionalWord, undefined: undefined };
const mirrored = (ftp: Client, options: never) => ftp.mirror('.', '/up', options);

/** What the three methods for trees have in common. */
function treeOptions(call: (ftp: Client, options: never) => unknown, rest: object = {}) {
  return {
    ...callOptions<Client>(call),
    ...option<Client>('include', optionalList, call, rest),
    ...option<Client>('exclude', optionalList, call, rest),
    ...option<Client>('concurrency', { ...optionalCount, zero: 0 }, call, rest),
    ...option<Client>('dryRun', optionalFlag, call, rest),
    ...option<Client>('atomic', optionalFlag, call, rest),
    ...option<Client>('resume', optionalFlag, call, rest),
    ...option<Client>('preserveTimes', optionalFlag, call, rest),
    ...option<Client>('verify', verify, call, rest),
    ...option<Client>('onEvent', optionalFunction, call, rest),
  };
}

export const ftpTable: Table<Client> = {
  list: {
    gives: 'rows',
    arguments: {
      path: { bad: without(path, 'undefined'), call: (ftp, bad) => ftp.list(bad) },
      ...callOptions<Client>((ftp, options) => ftp.list('/', options)),
      ...option<Client>('recursive', optionalFlag, (ftp, options) => ftp.list('/', options)),
      ...option<Client>('hidden', optionalFlag, (ftp, options) => ftp.list('/', options)),
      ...option<Client>('onProblem', optionalFunction, (ftp, options) => ftp.list('/', options)),
    },
  },
  stat: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.stat(bad) },
      ...callOptions<Client>((ftp, options) => ftp.stat('/', options)),
    },
  },
  download: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.download(bad, sink()) },
      target: { bad: target, call: (ftp, bad) => ftp.download('/file.txt', bad) },
      ...callOptions<Client>((ftp, options) => ftp.download('/file.txt', sink(), options)),
      ...option<Client>('verify', verify, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('atomic', optionalFlag, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('resume', optionalFlag, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('start', optionalCount, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('type', optionalWord, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('preserveTimes', optionalFlag, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('retry', optionalCount, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('segments', { ...optionalCount, zero: 0 }, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('rateLimit', optionalPositive, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
      ...option<Client>('onProgress', optionalFunction, (ftp, options) =>
        ftp.download('/file.txt', sink(), options),
      ),
    },
  },
  createReadStream: {
    gives: 'stream',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.createReadStream(bad) },
      ...callOptions<Client>((ftp, options) => ftp.createReadStream('/file.txt', options)),
      ...option<Client>('start', optionalCount, (ftp, options) =>
        ftp.createReadStream('/file.txt', options),
      ),
      ...option<Client>('verify', verify, (ftp, options) =>
        ftp.createReadStream('/file.txt', options),
      ),
      ...option<Client>('onProgress', optionalFunction, (ftp, options) =>
        ftp.createReadStream('/file.txt', options),
      ),
    },
  },
  upload: {
    gives: 'promise',
    arguments: {
      source: { bad: source, call: (ftp, bad) => ftp.upload(bad, '/up') },
      path: { bad: path, call: (ftp, bad) => ftp.upload('x', bad) },
      ...callOptions<Client>((ftp, options) => ftp.upload('x', '/up', options)),
      ...option<Client>('verify', verify, (ftp, options) => ftp.upload('x', '/up', options)),
      ...option<Client>('atomic', optionalFlag, (ftp, options) => ftp.upload('x', '/up', options)),
      ...option<Client>('resume', optionalFlag, (ftp, options) => ftp.upload('x', '/up', options)),
      ...option<Client>('type', optionalWord, (ftp, options) => ftp.upload('x', '/up', options)),
      ...option<Client>('preserveTimes', optionalFlag, (ftp, options) =>
        ftp.upload('x', '/up', options),
      ),
      ...option<Client>('retry', optionalCount, (ftp, options) => ftp.upload('x', '/up', options)),
      ...option<Client>('rateLimit', optionalPositive, (ftp, options) =>
        ftp.upload('x', '/up', options),
      ),
      ...option<Client>('onProgress', optionalFunction, (ftp, options) =>
        ftp.upload('x', '/up', options),
      ),
    },
  },
  append: {
    gives: 'promise',
    arguments: {
      source: { bad: source, call: (ftp, bad) => ftp.append(bad, '/up') },
      path: { bad: path, call: (ftp, bad) => ftp.append('x', bad) },
      ...callOptions<Client>((ftp, options) => ftp.append('x', '/up', options)),
      ...option<Client>('onProgress', optionalFunction, (ftp, options) =>
        ftp.append('x', '/up', options),
      ),
    },
  },
  mkdir: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.mkdir(bad) },
      ...callOptions<Client>((ftp, options) => ftp.mkdir('/new', options)),
      ...option<Client>('parents', optionalFlag, (ftp, options) => ftp.mkdir('/new', options)),
    },
  },
  remove: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.remove(bad) },
      ...callOptions<Client>((ftp, options) => ftp.remove('/old', options)),
      ...option<Client>('recursive', optionalFlag, (ftp, options) => ftp.remove('/old', options)),
    },
  },
  rename: {
    gives: 'promise',
    arguments: {
      from: { bad: path, call: (ftp, bad) => ftp.rename(bad, '/to') },
      to: { bad: path, call: (ftp, bad) => ftp.rename('/from', bad) },
      ...callOptions<Client>((ftp, options) => ftp.rename('/from', '/to', options)),
      ...option<Client>('overwrite', optionalFlag, (ftp, options) =>
        ftp.rename('/from', '/to', options),
      ),
    },
  },
  chmod: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.chmod(bad, 0o644) },
      mode: { bad: mode, call: (ftp, bad) => ftp.chmod('/file.txt', bad) },
      ...callOptions<Client>((ftp, options) => ftp.chmod('/file.txt', 0o644, options)),
    },
  },
  setModified: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.setModified(bad, new Date()) },
      time: {
        bad: { ...date, 'the year 10000': new Date(253_402_300_800_000) },
        call: (ftp, bad) => ftp.setModified('/file.txt', bad),
      },
      ...callOptions<Client>((ftp, options) => ftp.setModified('/file.txt', new Date(), options)),
    },
  },
  listNames: {
    gives: 'rows',
    arguments: {
      path: { bad: without(path, 'undefined'), call: (ftp, bad) => ftp.listNames(bad) },
      ...callOptions<Client>((ftp, options) => ftp.listNames('/', options)),
    },
  },
  uploadUnique: {
    gives: 'promise',
    arguments: {
      source: { bad: source, call: (ftp, bad) => ftp.uploadUnique(bad, '/') },
      directory: {
        bad: without(path, 'undefined'),
        call: (ftp, bad) => ftp.uploadUnique('x', bad),
      },
      ...callOptions<Client>((ftp, options) => ftp.uploadUnique('x', '/', options)),
      ...option<Client>('onProgress', optionalFunction, (ftp, options) =>
        ftp.uploadUnique('x', '/', options),
      ),
      ...option<Client>('rateLimit', optionalPositive, (ftp, options) =>
        ftp.uploadUnique('x', '/', options),
      ),
    },
  },
  sweep: {
    gives: 'promise',
    arguments: {
      path: { bad: without(path, 'undefined'), call: (ftp, bad) => ftp.sweep(bad) },
      ...callOptions<Client>((ftp, options) => ftp.sweep('/', options)),
      ...option<Client>('olderThan', without(milliseconds, 'undefined'), (ftp, options) =>
        ftp.sweep('/', options),
      ),
    },
  },
  setCreated: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.setCreated(bad, new Date()) },
      time: {
        bad: { ...date, 'the year 10000': new Date(253_402_300_800_000) },
        call: (ftp, bad) => ftp.setCreated('/file.txt', bad),
      },
      ...callOptions<Client>((ftp, options) => ftp.setCreated('/file.txt', new Date(), options)),
    },
  },
  setFacts: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.setFacts(bad, { modify: new Date() }) },
      facts: { bad: facts, call: (ftp, bad) => ftp.setFacts('/file.txt', bad) },
      ...callOptions<Client>((ftp, options) =>
        ftp.setFacts('/file.txt', { modify: new Date() }, options),
      ),
    },
  },
  symlink: {
    gives: 'promise',
    arguments: {
      target: { bad: path, call: (ftp, bad) => ftp.symlink(bad, '/link') },
      path: { bad: path, call: (ftp, bad) => ftp.symlink('file.txt', bad) },
      ...callOptions<Client>((ftp, options) => ftp.symlink('file.txt', '/link', options)),
    },
  },
  space: {
    gives: 'promise',
    arguments: {
      path: { bad: without(path, 'undefined'), call: (ftp, bad) => ftp.space(bad) },
      ...callOptions<Client>((ftp, options) => ftp.space('/', options)),
    },
  },
  hashAll: {
    gives: 'promise',
    arguments: {
      paths: {
        bad: {
          undefined: undefined,
          null: null,
          'a string': '/file.txt',
          'a number in it': [7],
          'a line in it': ['/a', 'b\r\nQUIT'],
          'a hole in it': [undefined],
        },
        call: (ftp, bad) => ftp.hashAll(bad),
      },
      algorithm: { bad: optionalWord, call: (ftp, bad) => ftp.hashAll(['/file.txt'], bad) },
      ...callOptions<Client>((ftp, options) => ftp.hashAll(['/file.txt'], 'sha256', options)),
    },
  },
  hash: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.hash(bad) },
      algorithm: { bad: optionalWord, call: (ftp, bad) => ftp.hash('/file.txt', bad) },
      ...callOptions<Client>((ftp, options) => ftp.hash('/file.txt', 'sha256', options)),
      ...option<Client>('reread', optionalFlag, (ftp, options) =>
        ftp.hash('/file.txt', 'sha256', options),
      ),
    },
  },
  exists: {
    gives: 'promise',
    arguments: {
      path: { bad: path, call: (ftp, bad) => ftp.exists(bad) },
      ...callOptions<Client>((ftp, options) => ftp.exists('/file.txt', options)),
    },
  },
  uploadTree: {
    gives: 'promise',
    arguments: {
      local: { bad: place, call: (ftp, bad) => ftp.uploadTree(bad, '/up') },
      remote: { bad: path, call: (ftp, bad) => ftp.uploadTree('.', bad) },
      ...treeOptions((ftp, options) => ftp.uploadTree('.', '/up', options)),
    },
  },
  downloadTree: {
    gives: 'promise',
    arguments: {
      remote: { bad: path, call: (ftp, bad) => ftp.downloadTree(bad, '.') },
      local: { bad: place, call: (ftp, bad) => ftp.downloadTree('/', bad) },
      ...treeOptions((ftp, options) => ftp.downloadTree('/', '.', options)),
    },
  },
  mirror: {
    gives: 'promise',
    arguments: {
      local: { bad: place, call: (ftp, bad) => ftp.mirror(bad, '/up', up) },
      remote: { bad: path, call: (ftp, bad) => ftp.mirror('.', bad, up) },
      ...treeOptions((ftp, options) => ftp.mirror('.', '/up', options), up),
      ...option<Client>('direction', word, (ftp, options) => ftp.mirror('.', '/up', options)),
      ...option<Client>('compare', optionalWord, mirrored, up),
      ...option<Client>('delete', optionalFlag, mirrored, up),
      ...option<Client>('mostDeletions', optionalCount, mirrored, up),
    },
  },
  workingDirectory: {
    gives: 'promise',
    arguments: callOptions<Client>((ftp, options) => ftp.workingDirectory(options)),
  },
  command: {
    gives: 'promise',
    arguments: {
      verb: {
        bad: { ...text, 'a verb with an argument': 'SITE UMASK', 'a refused verb': 'pass' },
        call: (ftp, bad) => ftp.command(bad),
      },
      args: { bad: optionalList, call: (ftp, bad) => ftp.command('SITE', bad) },
      'args[0]': { bad: textOrEmpty, call: (ftp, bad) => ftp.command('SITE', [bad]) },
      ...callOptions<Client>((ftp, options) => ftp.command('NOOP', [], options)),
    },
  },
};

/** What the client has beside. */
export const ftpClientTable: Table<FtpClient> = {
  ...ftpTable,
  quit: {
    gives: 'promise',
    arguments: callOptions<FtpClient>((ftp, options) => ftp.quit(options)),
  },
};
