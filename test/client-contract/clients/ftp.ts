import * as module from '@fivewire/ftp';
import { createFtpPool, FtpClient } from '@fivewire/ftp';
import type { Subject } from '../subject.js';

const verb = (line: string): string => (line.split(' ', 1)[0] ?? '').toUpperCase();

const here = new URL('.', import.meta.url);

const answers: Readonly<Record<string, string>> = {
  AUTH: '234 go on\r\n',
  FEAT: '211-Features\r\n AUTH TLS\r\n UTF8\r\n MLST type*;size*;modify*;\r\n SIZE\r\n MDTM\r\n MFMT\r\n MFCT\r\n MFF Modify;Create;UNIX.mode;\r\n AVBL\r\n HASH SHA-256*\r\n211 End\r\n',
  SYST: '215 UNIX Type: L8\r\n',
  PWD: '257 "/"\r\n',
  QUIT: '221 bye\r\n',
  NOOP: '200 ok\r\n',
};

export const ftp: Subject<FtpClient> = {
  protocol: 'ftp',
  module,
  Client: FtpClient,
  createPool: (options) => createFtpPool(options as never),
  speaker: {
    greeting: '220 ready\r\n',
    verb,
    startTls: 'AUTH',
    answer: (line) => answers[verb(line)] ?? '200 ok\r\n',
  },
  schemes: [
    ['ftps', 990],
    ['ftp', 21],
  ],
  verb: 'NOOP',
  question: 'FEAT',
  refusal: '550 no\r\n',
  leaving: '421 shutting down\r\n',
  crowded: '421 Too many connections\r\n',
  unwelcome: '550 Access denied\r\n',
  quitVerb: 'QUIT',
  credentialVerb: 'PASS',
  methods: {
    list: (client, options) => client.list('/', options),
    stat: (client, options) => client.stat('/x', options),
    download: (client, options) => client.download('/x', '/dev/null', options),
    createReadStream: (client, options) => client.createReadStream('/x', options),
    upload: (client, options) => client.upload('x', '/x', options),
    append: (client, options) => client.append('x', '/x', options),
    mkdir: (client, options) => client.mkdir('/x', options),
    remove: (client, options) => client.remove('/x', options),
    rename: (client, options) => client.rename('/x', '/y', options),
    chmod: (client, options) => client.chmod('/x', 0o644, options),
    listNames: (client, options) => client.listNames('/', options),
    uploadUnique: (client, options) => client.uploadUnique('x', '.', options),
    sweep: (client, options) => client.sweep('/', options),
    symlink: (client, options) => client.symlink('x', '/y', options),
    workingDirectory: (client, options) => client.workingDirectory(options),
    exists: (client, options) => client.exists('/x', options),
    setModified: (client, options) => client.setModified('/x', new Date(0), options),
    setCreated: (client, options) => client.setCreated('/x', new Date(0), options),
    setFacts: (client, options) => client.setFacts('/x', { modify: new Date(0) } as never, options),
    hash: (client, options) => client.hash('/x', 'sha256', options),
    hashAll: (client, options) => client.hashAll(['/x'], 'sha256', options),
    space: (client, options) => client.space('/', options),
    downloadTree: (client, options) => client.downloadTree('/x', '/tmp/none', options),
    uploadTree: (client, options) => client.uploadTree(here, '/x', options),
    mirror: (client, options) => client.mirror(here, '/x', { direction: 'down', ...options }),
    command: (client, options) => client.command('NOOP', [], options),
  },
  others: ['quit', 'close'],
  maps: ['setFacts[1]'],
  nestedConnect: { 'auth.pass': { auth: { user: 'a', password: 'b', pass: 'c' } } },
};
