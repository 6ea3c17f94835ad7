/** What is left: RFC 959 §4.1.3, RFC 2389. */
import { claimed } from '../../impostor/conversation.js';
import type { FtpSession } from '../ftp-session.js';
import { type FactName, factNames } from '../listing.js';
import type { Commands } from './command.js';

export const miscellaneousCommands: Commands = {
  SYST: { beforeLogin: true, run: (at) => at.reply('215 UNIX Type: L8') },
  NOOP: { beforeLogin: true, run: (at) => at.reply('200 Ok') },
  HELP: { beforeLogin: true, run: (at) => at.reply('214 RFC 959') },
  CLNT: { beforeLogin: true, run: (at) => at.reply('200 Noted') },
  STAT: {
    run: (at) => at.reply(at.transfer ? '213 A transfer is under way' : '211 Nothing goes on'),
  },

  FEAT: {
    beforeLogin: true,
    run: (at) =>
      at.replyLines(211, 'Features:', claimed(at.session, at.context, features(at)), 'End'),
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
