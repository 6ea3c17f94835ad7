/** The commands of FTP, RFC 959 §4.1, RFC 2228, RFC 2389, RFC 2428, RFC 3659, draft-bryan-ftp-hash. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { TreeFile, TreeFolder } from '../file-tree.js';
import type { LineSession } from '../line-session.js';
import { activePort, passivePort } from './data-connection.js';
import type { FtpSession } from './ftp-session.js';
import {
  type FactName,
  factNames,
  machineLine,
  parseTimeValue,
  timeValue,
  unixLine,
} from './listing.js';

interface Command {
  /** Allowed before the login. */
  beforeLogin?: true;
  run(at: FtpSession, argument: string): Promise<void>;
}

const chunkOctets = 65_536;
const defaultMaxOctets = 256 << 20;

export const commands: Readonly<Record<string, Command>> = {
  ...accessCommands(),
  ...dataPortCommands(),
  ...transferCommands(),
  ...treeCommands(),
  ...miscellaneousCommands(),
};

function accessCommands(): Record<string, Command> {
  return {
    AUTH: {
      beforeLogin: true,
      async run(at, mechanism) {
        if (!/^TLS(-C)?$/i.test(mechanism)) return at.reply('504 Only AUTH TLS');
        if (at.session.secure) return at.reply('503 TLS is up already');
        if (!at.session.canStartTls) return at.reply('502 TLS is not to be had here');
        at.pendingUser = undefined;
        delete at.session.record.user;
        await at.session.startTls('234 Proceed with TLS');
      },
    },

    PBSZ: {
      beforeLogin: true,
      run: (at) => at.reply(at.session.secure ? '200 PBSZ=0' : '503 AUTH TLS comes first'),
    },

    PROT: {
      beforeLogin: true,
      async run(at, level) {
        if (!at.session.secure) return at.reply('503 AUTH TLS comes first');
        if (!/^[CP]$/i.test(level)) return at.reply('536 PROT C or PROT P');
        at.isPrivate = level.toUpperCase() === 'P';
        await at.reply(`200 Protection level is ${level.toUpperCase()}`);
      },
    },

    USER: {
      beforeLogin: true,
      async run(at, name) {
        if (!at.session.allowsCredentials) return at.reply('530 Use AUTH TLS first');
        delete at.session.record.user;
        at.pendingUser = name;
        await at.reply('331 Password required');
      },
    },

    PASS: {
      beforeLogin: true,
      async run(at, password) {
        const user = at.pendingUser;
        if (user === undefined) return at.reply('503 USER comes first');
        at.pendingUser = undefined;
        if (!at.context.accounts.accepts(user, password)) return at.reply('530 Login incorrect');
        at.session.record.user = user;
        await at.reply('230 Logged in');
      },
    },

    QUIT: {
      beforeLogin: true,
      async run(at) {
        at.over = true;
        await at.reply('221 Bye');
      },
    },
  };
}

function dataPortCommands(): Record<string, Command> {
  return {
    EPSV: {
      async run(at, argument) {
        if (argument.toUpperCase() === 'ALL') {
          at.extendedOnly = true;
          return at.reply('200 EPSV only from now on');
        }
        const family = isIP(at.peer) === 6 ? '2' : '1';
        if (argument && argument !== family)
          return at.reply(`522 Network protocol not supported, use (${family})`);
        const port = await offer(at);
        await at.reply(`229 Entering Extended Passive Mode (|||${port}|)`);
      },
    },

    PASV: {
      async run(at) {
        const host = at.shared.options.passiveHost ?? at.session.socket.localAddress ?? '';
        if (at.extendedOnly || isIP(host) !== 4) return at.reply('425 Use EPSV');
        const port = await offer(at);
        const numbers = [...host.split('.'), port >> 8, port & 255].join(',');
        await at.reply(`227 Entering Passive Mode (${numbers})`);
      },
    },

    PORT: {
      async run(at, argument) {
        const parts = argument.split(',').map(Number);
        const [a, b, c, d, high = NaN, low = NaN] = parts;
        const valid =
          parts.length === 6 && parts.every((n) => Number.isInteger(n) && n >= 0 && n < 256);
        if (!valid) return at.reply('501 Syntax error');
        await dial(at, [a, b, c, d].join('.'), high * 256 + low);
      },
    },

    EPRT: {
      async run(at, argument) {
        const match = /^(.)([12])\1([^|]+)\1(\d{1,5})\1$/.exec(argument);
        if (!match) return at.reply('501 Syntax error');
        await dial(at, match[3] as string, Number(match[4]));
      },
    },
  };
}

async function offer(at: FtpSession): Promise<number> {
  at.dataPort?.close();
  at.dataPort = await passivePort(at.context, at.peer);
  return at.dataPort.port;
}

async function dial(at: FtpSession, host: string, port: number): Promise<void> {
  if (!at.shared.options.activeMode || at.extendedOnly) return at.reply('502 Use EPSV');
  // No bounce attacks, RFC 2577 §3: the client's own address and no well-known port.
  if (host !== at.peer || port < 1024 || port > 65_535) return at.reply('504 Not there');
  at.dataPort?.close();
  at.dataPort = activePort(at.context, host, port);
  await at.reply('200 Will dial');
}

function transferCommands(): Record<string, Command> {
  return {
    TYPE: {
      async run(at, argument) {
        const type = argument.toUpperCase();
        if (!/^(I|L 8|A|A N)$/.test(type)) return at.reply('504 TYPE A or I');
        at.type = type.startsWith('A') ? 'A' : 'I';
        await at.reply(`200 Type is ${at.type}`);
      },
    },

    MODE: { run: (at, mode) => at.reply(/^S$/i.test(mode) ? '200 Ok' : '504 MODE S only') },
    STRU: { run: (at, kind) => at.reply(/^F$/i.test(kind) ? '200 Ok' : '504 STRU F only') },
    ALLO: { run: (at) => at.reply('202 Not needed') },

    REST: {
      async run(at, argument) {
        if (!/^\d{1,15}$/.test(argument)) return at.reply('501 Syntax error');
        at.restart = Number(argument);
        await at.reply(`350 Restarting at ${argument}`);
      },
    },

    RETR: {
      async run(at, argument) {
        const offset = takeRestart(at);
        const file = at.files.file(at.path(argument));
        if (!file) return at.reply('550 No such file');
        if (offset > file.octets.length) return at.reply('554 Restart beyond the end');
        const octets = file.octets.subarray(offset);
        await at.transferData((data) => send(data, at.type === 'A' ? toNetwork(octets) : octets));
      },
    },

    STOR: { run: (at, argument) => store(at, argument, takeRestart(at)) },
    APPE: {
      run: (at, argument) => store(at, argument, at.files.read(at.path(argument))?.length ?? 0),
    },

    LIST: {
      run: (at, argument) =>
        list(at, argument.replace(/^-[a-zA-Z]+ ?/, ''), (name, node) =>
          unixLine(name, node, new Date()),
        ),
    },

    NLST: {
      run: (at, argument) => list(at, argument.replace(/^-[a-zA-Z]+ ?/, ''), (name) => name),
    },

    MLSD: {
      async run(at, argument) {
        const path = at.path(argument);
        const folder = at.files.folder(path);
        if (!folder) return at.reply(at.files.find(path) ? '501 No folder' : '550 No such folder');
        const lines = [
          machineLine('.', folder, path, at.facts, 'cdir'),
          ...[...folder.entries].map(([name, node]) =>
            machineLine(name, node, `${path}/${name}`, at.facts),
          ),
        ];
        await sendLines(at, lines);
      },
    },

    ABOR: {
      async run(at) {
        if (!at.transfer) return at.reply('226 Nothing to abort');
        at.aborted = true;
        at.dataPort?.close();
        at.data?.destroy();
        await at.transfer;
        await at.reply('226 Aborted');
      },
    },
  };
}

function takeRestart(at: FtpSession): number {
  const offset = at.restart;
  at.restart = 0;
  return offset;
}

async function send(data: LineSession, octets: Buffer): Promise<void> {
  for (let sent = 0; sent < octets.length; sent += chunkOctets)
    await data.write(octets.subarray(sent, sent + chunkOctets));
}

async function store(at: FtpSession, argument: string, offset: number): Promise<void> {
  const path = at.path(argument);
  const parent = at.files.folder(`${path}/..`);
  if (!argument || !parent || at.files.folder(path)) return at.reply('553 Not a file name here');
  const limit = at.shared.options.maxFileOctets ?? defaultMaxOctets;
  const old = at.files.read(path) ?? Buffer.alloc(0);
  if (offset > old.length) return at.reply('554 Restart beyond the end');
  await at.transferData(async (data) => {
    const chunks = [old.subarray(0, offset)];
    let length = offset;
    const keep = () =>
      at.files.write(path, at.type === 'A' ? fromNetwork(chunks) : Buffer.concat(chunks));
    try {
      for (let chunk = await data.chunk(); chunk; chunk = await data.chunk()) {
        length += chunk.length;
        if (length > limit) throw new Error('552 Too big');
        chunks.push(chunk);
      }
    } finally {
      // What came before a failure stays, as on a disk: that is what REST and APPE resume.
      keep();
    }
  });
}

async function list(
  at: FtpSession,
  argument: string,
  line: (name: string, node: TreeFile | TreeFolder) => string,
): Promise<void> {
  const path = at.path(argument);
  const node = at.files.find(path);
  if (!node) return at.reply('550 No such file or folder');
  const lines =
    node.kind === 'folder'
      ? [...node.entries].map(([name, entry]) => line(name, entry))
      : [line(argument, node)];
  await sendLines(at, lines);
}

async function sendLines(at: FtpSession, lines: readonly string[]): Promise<void> {
  await at.transferData((data) =>
    send(data, Buffer.from(lines.map((line) => `${line}\r\n`).join(''))),
  );
}

/** TYPE A: lines end in CR LF on the wire and in LF in the tree. */
function toNetwork(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}

function fromNetwork(chunks: readonly Buffer[]): Buffer {
  return Buffer.from(Buffer.concat(chunks).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

function treeCommands(): Record<string, Command> {
  return {
    PWD: { run: (at) => at.reply(`257 ${quoted(at.folder)} is the current folder`) },
    XPWD: { run: (at) => at.reply(`257 ${quoted(at.folder)} is the current folder`) },
    CWD: { run: (at, argument) => change(at, argument) },
    CDUP: { run: (at) => change(at, '..') },

    SIZE: {
      async run(at, argument) {
        const file = at.files.file(at.path(argument));
        if (!file) return at.reply('550 No such file');
        // In TYPE A the size on the wire differs, and servers refuse to count it, RFC 3659 §4.
        if (at.type === 'A') return at.reply('550 SIZE not allowed in ASCII mode');
        await at.reply(`213 ${file.octets.length}`);
      },
    },

    MDTM: {
      async run(at, argument) {
        const node = at.files.find(at.path(argument));
        await at.reply(node ? `213 ${timeValue(node.modified)}` : '550 No such file');
      },
    },

    MFMT: {
      async run(at, argument) {
        const [, stamp = '', name = ''] = /^(\S+) (.+)$/.exec(argument) ?? [];
        const modified = parseTimeValue(stamp);
        if (!modified) return at.reply('501 MFMT time path');
        const node = at.files.find(at.path(name));
        if (!node) return at.reply('550 No such file');
        node.modified = modified;
        await at.reply(`213 Modify=${stamp}; ${name}`);
      },
    },

    MLST: {
      async run(at, argument) {
        const path = at.path(argument);
        const node = at.files.find(path);
        if (!node) return at.reply('550 No such file or folder');
        await at.replyLines(250, 'Listing', [machineLine(path, node, path, at.facts)], 'End');
      },
    },

    DELE: {
      async run(at, argument) {
        const path = at.path(argument);
        if (!at.files.file(path)) return at.reply('550 No such file');
        at.files.remove(path);
        await at.reply('250 Deleted');
      },
    },

    MKD: { run: makeFolder },
    XMKD: { run: makeFolder },

    RMD: { run: removeFolder },
    XRMD: { run: removeFolder },

    RNFR: {
      async run(at, argument) {
        const path = at.path(argument);
        if (!at.files.find(path)) return at.reply('550 No such file or folder');
        at.renameFrom = path;
        await at.reply('350 Now RNTO');
      },
    },

    RNTO: {
      async run(at, argument) {
        const from = at.renameFrom;
        at.renameFrom = undefined;
        if (from === undefined) return at.reply('503 RNFR comes first');
        const done = at.files.rename(from, at.path(argument));
        await at.reply(done ? '250 Renamed' : '553 Not to that name');
      },
    },

    HASH: {
      async run(at, argument) {
        const octets = at.files.read(at.path(argument));
        if (!octets) return at.reply('550 No such file');
        const digest = createHash('sha256').update(octets).digest('hex');
        await at.reply(`213 SHA-256 0-${octets.length} ${digest} ${argument}`);
      },
    },

    SITE: {
      async run(at, argument) {
        const match = /^CHMOD ([0-7]{3,4}) (.+)$/i.exec(argument);
        if (!match) return at.reply('504 SITE CHMOD only');
        const node = at.files.find(at.path(match[2] as string));
        if (!node) return at.reply('550 No such file or folder');
        node.mode = Number.parseInt(match[1] as string, 8);
        await at.reply('200 Mode changed');
      },
    },
  };
}

async function change(at: FtpSession, argument: string): Promise<void> {
  const path = at.path(argument);
  if (!at.files.folder(path)) return at.reply('550 No such folder');
  at.folder = path;
  await at.reply('250 Changed');
}

async function makeFolder(at: FtpSession, argument: string): Promise<void> {
  const path = at.path(argument);
  if (at.files.find(path)) return at.reply('550 It exists');
  if (!at.files.folder(`${path}/..`)) return at.reply('550 No such folder above');
  at.files.makeFolders(path);
  await at.reply(`257 ${quoted(path)} created`);
}

async function removeFolder(at: FtpSession, argument: string): Promise<void> {
  const path = at.path(argument);
  const folder = at.files.folder(path);
  if (!folder || path === '/') return at.reply('550 No such folder');
  if (folder.entries.size > 0) return at.reply('550 Not empty');
  at.files.remove(path);
  await at.reply('250 Removed');
}

/** RFC 959 Appendix II: quotes within are doubled. */
const quoted = (path: string): string => `"${path.replaceAll('"', '""')}"`;

function miscellaneousCommands(): Record<string, Command> {
  return {
    SYST: { beforeLogin: true, run: (at) => at.reply('215 UNIX Type: L8') },
    NOOP: { beforeLogin: true, run: (at) => at.reply('200 Ok') },
    HELP: { beforeLogin: true, run: (at) => at.reply('214 RFC 959') },
    CLNT: { beforeLogin: true, run: (at) => at.reply('200 Noted') },
    STAT: {
      run: (at) => at.reply(at.transfer ? '213 A transfer is under way' : '211 Nothing goes on'),
    },

    FEAT: {
      beforeLogin: true,
      run: (at) => at.replyLines(211, 'Features:', features(at), 'End'),
    },

    OPTS: {
      beforeLogin: true,
      async run(at, argument) {
        const [name = '', ...values] = argument.split(' ');
        switch (name.toUpperCase()) {
          case 'UTF8':
            return at.reply('200 Always on');
          case 'HASH':
            return at.reply(
              (values[0] ?? 'SHA-256') === 'SHA-256' ? '200 SHA-256' : '501 SHA-256 only',
            );
          case 'MLST':
            at.facts = new Set(factNames.filter((fact) => wants(values.join(' '), fact)));
            return at.reply(`200 MLST OPTS ${[...at.facts].map((fact) => `${fact};`).join('')}`);
          default:
            return at.reply('501 Unknown option');
        }
      },
    },
  };
}

function wants(list: string, fact: FactName): boolean {
  return list.toLowerCase().split(';').includes(fact.toLowerCase());
}

function features(at: FtpSession): string[] {
  const facts = factNames.map((fact) => `${fact}${at.facts.has(fact) ? '*' : ''};`).join('');
  const offersTls = at.session.secure || at.session.canStartTls;
  return [
    ...(offersTls ? ['AUTH TLS', 'PBSZ', 'PROT'] : []),
    'UTF8',
    'EPSV',
    `MLST ${facts}`,
    'SIZE',
    'MDTM',
    'MFMT',
    'REST STREAM',
    'TVFS',
    'HASH SHA-256*',
  ].filter((feature) => at.context.shows(feature.split(' ')[0] as string));
}
