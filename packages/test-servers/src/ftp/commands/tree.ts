/** Commands about files and folders: RFC 959 §4.1.3, RFC 3659, draft-somers-ftp-mfxx, draft-bryan-ftp-hash. */
import { createHash } from 'node:crypto';
import type { FtpSession } from '../ftp-session.js';
import { machineLine, parseTimeValue, timeValue } from '../listing.js';
import type { Commands } from './command.js';

export const treeCommands: Commands = {
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
