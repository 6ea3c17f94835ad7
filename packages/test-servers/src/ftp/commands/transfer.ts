/** Commands that move octets, and how: RFC 959 §4.1.2 and §4.1.3, RFC 3659 §5 and §7. */
import type { TreeNode } from '../../file-tree.js';
import type { LineSession } from '../../line-session.js';
import type { FtpSession } from '../ftp-session.js';
import { dosLine, machineLine, unixLine } from '../listing.js';
import { octetsOf } from '../name-octets.js';
import type { Commands } from './command.js';

const chunkOctets = 65_536;
const defaultMaxOctets = 256 << 20;

export const transferCommands: Commands = {
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
        at.shared.options.listing === 'dos'
          ? dosLine(name, node)
          : unixLine(name, node, new Date()),
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
  line: (name: string, node: TreeNode) => string,
): Promise<void> {
  const path = at.path(argument);
  const node = at.files.find(path);
  if (!node) return at.reply('550 No such file or folder');
  const lines =
    node.kind === 'folder'
      ? [...node.entries].map(([name, entry]) => line(name, entry))
      : [line(argument, node)];
  const { emptyListing } = at.shared.options;
  if (lines.length === 0 && emptyListing !== undefined) return at.reply(emptyListing);
  await sendLines(at, lines);
}

async function sendLines(at: FtpSession, lines: readonly string[]): Promise<void> {
  await at.transferData((data) =>
    send(data, octetsOf(lines.map((line) => `${line}\r\n`).join(''))),
  );
}

/** TYPE A: lines end in CR LF on the wire and in LF in the tree. */
function toNetwork(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}

function fromNetwork(chunks: readonly Buffer[]): Buffer {
  return Buffer.from(Buffer.concat(chunks).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}
