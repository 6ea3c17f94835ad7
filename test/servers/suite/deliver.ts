// Mail in and out of Dovecot by bare dialogues, so that no test of one client leans on another client of ours.
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { authority, port, server, users } from './servers.js';

type User = keyof typeof users;

/** Puts a message into the user's INBOX by LMTP (RFC 2033); done when this returns. */
export const deliver = async (user: User, subject: string, body: string): Promise<void> => {
  const { host } = server('dovecot');
  const head = `From: sender@example.test\r\nTo: ${user}@example.test\r\nSubject: ${subject}\r\n\r\n`;
  const lmtp = dialogue(net.connect({ host, port: port('dovecot', 'lmtp') }), /^[0-9]{3} /);
  try {
    await lmtp.hear(/^220/);
    await lmtp.say('LHLO suite.example.test', /^250/m);
    await lmtp.say('MAIL FROM:<sender@example.test>', /^250/);
    await lmtp.say(`RCPT TO:<${user}@example.test>`, /^250/);
    await lmtp.say('DATA', /^354/);
    await lmtp.say(`${head}${body.replace(/^\./gm, '..')}.`, /^250/);
  } finally {
    lmtp.end();
  }
};

/** Deletes all that is in the user's INBOX. */
export const emptyInbox = (user: User): Promise<void> =>
  withInbox(user, async (imap) => {
    await imap.say('t UID STORE 1:* +FLAGS.SILENT (\\Deleted)', /^t OK/m);
    await imap.say('t EXPUNGE', /^t OK/m);
  });

/** Waits for the message with that subject, or other field, in the user's INBOX, and gives it as IMAP shows it. */
export const arrived = (user: User, value: string, field = 'Subject'): Promise<string> =>
  withInbox(user, async (imap) => {
    for (let waited = 0; waited < 300_000; waited += 50) {
      const found = await imap.say(`t UID SEARCH HEADER ${field} "${value}"`, /^t OK/m);
      const uid = /^\* SEARCH ([0-9]+)/m.exec(found)?.[1];
      if (uid !== undefined) return imap.say(`t UID FETCH ${uid} BODY.PEEK[]`, /^t OK/m);
      await sleep(50);
    }
    throw new Error(`nothing arrived for ${user} with ${field} ${value}`);
  });

const withInbox = async <Result>(
  user: User,
  work: (imap: Dialogue) => Promise<Result>,
): Promise<Result> => {
  const { host, serverHostname } = server('dovecot');
  const peer = { host, port: port('dovecot', 'imaps'), servername: serverHostname };
  const imap = dialogue(tls.connect({ ...peer, ca: authority() }), /^(\* OK \[CAPABILITY|t )/);
  try {
    await imap.hear(/OK/);
    await imap.say(`t LOGIN ${user} ${users[user].password}`, /^t OK/m);
    await imap.say('t SELECT INBOX', /^t OK/m);
    return await work(imap);
  } finally {
    imap.end();
  }
};

interface Dialogue {
  /** Waits for an answer, which must match. */
  hear(expected: RegExp): Promise<string>;
  /** Says a line and hears the answer. */
  say(line: string, expected: RegExp): Promise<string>;
  end(): void;
}

/** `last` tells an answer's last line. */
const dialogue = (socket: net.Socket, last: RegExp): Dialogue => {
  let trouble = 'the server closed the connection';
  socket.on('error', (error) => {
    trouble = error.message;
  });
  socket.setTimeout(300_000, () => socket.destroy(new Error('the server is silent')));
  const input = createInterface({ input: socket })[Symbol.asyncIterator]();
  const hear = async (expected: RegExp): Promise<string> => {
    const lines: string[] = [];
    do {
      const { value, done } = await input.next();
      if (done) throw new Error(trouble);
      lines.push(value);
    } while (!last.test(lines.at(-1) ?? ''));
    const answer = lines.join('\r\n');
    if (!expected.test(answer))
      throw new Error(`expected ${expected}, heard ${answer.slice(-500)}`);
    return answer;
  };
  return {
    hear,
    say: (line, expected) => {
      socket.write(`${line}\r\n`);
      return hear(expected);
    },
    end: () => socket.destroy(),
  };
};
