/** Who may, and under which protection: RFC 959 §4.1.1, RFC 2228, RFC 4217. */
import type { Commands } from './command.js';

export const accessCommands: Commands = {
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
