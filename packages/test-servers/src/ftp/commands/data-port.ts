/** Where data go: RFC 959 §4.1.2, RFC 2428. */
import { isIP } from 'node:net';
import { activePort, passivePort } from '../data-connection.js';
import type { FtpSession } from '../ftp-session.js';
import type { Commands } from './command.js';

export const dataPortCommands: Commands = {
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
      if (port === undefined) return at.reply(noPort);
      await at.reply(`229 Entering Extended Passive Mode (|||${port}|)`);
    },
  },

  PASV: {
    async run(at) {
      const host = at.shared.options.passiveHost ?? at.session.socket.localAddress ?? '';
      if (at.extendedOnly || isIP(host) !== 4) return at.reply('425 Use EPSV');
      const port = await offer(at);
      if (port === undefined) return at.reply(noPort);
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

const noPort = '425 No port is free';

async function offer(at: FtpSession): Promise<number | undefined> {
  at.dataPort?.close();
  at.dataPort = undefined;
  try {
    at.dataPort = await passivePort(at.context, at.peer, at.shared.options.passivePorts);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
  }
  return at.dataPort?.port;
}

async function dial(at: FtpSession, host: string, port: number): Promise<void> {
  if (!at.shared.options.activeMode || at.extendedOnly) return at.reply('502 Use EPSV');
  // No bounce attacks, RFC 2577 §3: the client's own address and no well-known port.
  if (host !== at.peer || port < 1024 || port > 65_535) return at.reply('504 Not there');
  at.dataPort?.close();
  at.dataPort = activePort(at.context, host, port);
  await at.reply('200 Will dial');
}
