/** AUTHINFO, RFC 4643: a user and a password, or SASL. */
import { authenticate, decodeResponse, offeredMechanisms } from '../sasl-server.js';
import { SessionEnded } from '../session-ended.js';
import type { NntpSession } from './nntp-session.js';

export const authinfo: Readonly<
  Record<string, (at: NntpSession, words: string[]) => Promise<void>>
> = {
  async USER(at, [name]) {
    if (name === undefined) return at.reply('501 Syntax error');
    at.pendingUser = name;
    await at.reply('381 Password required');
  },

  async PASS(at, words) {
    if (at.pendingUser === undefined) return at.reply('482 USER comes first');
    const user = at.pendingUser;
    at.pendingUser = undefined;
    const password = Buffer.from(words.join(' '), 'latin1').toString('utf8');
    if (!at.context.accounts.accepts(user, password)) return at.reply('481 Authentication failed');
    at.session.record.user = user;
    await at.reply('281 Authentication accepted');
  },

  async SASL(at, [name = '', initial]) {
    const mechanism = name.toUpperCase();
    if (!offeredMechanisms(at.environment).includes(mechanism))
      return at.reply('503 Mechanism not recognized');
    const verdict = await authenticate(
      mechanism,
      at.environment,
      initial === undefined ? undefined : decodeResponse(initial),
      async (challenge) => {
        await at.reply(`383 ${Buffer.from(challenge).toString('base64') || '='}`);
        const response = await at.session.line();
        if (response === undefined) throw new SessionEnded();
        return decodeResponse(response);
      },
      true,
    );
    if ('refused' in verdict) return at.reply(`481 ${verdict.refused}`);
    const { final } = verdict;
    await at.reply(
      final ? `283 ${Buffer.from(final).toString('base64')}` : '281 Authentication accepted',
    );
  },
};
