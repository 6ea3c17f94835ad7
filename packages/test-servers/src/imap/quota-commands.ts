/** GETQUOTA, GETQUOTAROOT and SETQUOTA, RFC 9208 §4. A user has one root, whose name is empty. */
import { itemsOf, Refusal, textOf } from './arguments.js';
import { encodeString } from './encode.js';
import type { Command, ImapSession } from './imap-session.js';

const loggedIn = ['authenticated', 'selected'] as const;

export const quotaCommands: Readonly<Record<string, Command>> = {
  GETQUOTAROOT: {
    states: loggedIn,
    async run(at, [name]) {
      const mailbox = at.mailboxOf(name);
      await at.untagged(`QUOTAROOT ${encodeString(at.encodeName(mailbox.name))} ""`);
      await tell(at);
    },
  },

  GETQUOTA: {
    states: loggedIn,
    async run(at, [root]) {
      checkRoot(textOf(root));
      await tell(at);
    },
  },

  SETQUOTA: {
    states: loggedIn,
    async run(at, [root, list]) {
      checkRoot(textOf(root));
      const words = itemsOf(list).map(textOf);
      const limits: { octets?: number; messages?: number } = {};
      for (let n = 0; n < words.length; n += 2) {
        const limit = Number(words[n + 1]);
        if (!Number.isSafeInteger(limit) || limit < 0) throw new Refusal('BAD A limit is missing');
        const name = (words[n] as string).toUpperCase();
        if (name === 'STORAGE') limits.octets = limit * 1_024;
        else if (name === 'MESSAGE') limits.messages = limit;
        else throw new Refusal(`NO No such resource`);
      }
      at.mail.setQuota(limits, at.user);
      await tell(at);
    },
  },
};

function checkRoot(name: string): void {
  if (name !== '') throw new Refusal('NO [NONEXISTENT] No such quota root');
}

/** STORAGE counts units of 1,024 octets. */
async function tell(at: ImapSession): Promise<void> {
  const { limits, octets, messages } = at.mail.quota(at.user);
  const words = [
    ...(limits.octets === undefined
      ? []
      : [`STORAGE ${Math.ceil(octets / 1_024)} ${Math.ceil(limits.octets / 1_024)}`]),
    ...(limits.messages === undefined ? [] : [`MESSAGE ${messages} ${limits.messages}`]),
  ];
  await at.untagged(`QUOTA "" (${words.join(' ')})`);
}
