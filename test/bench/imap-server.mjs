// An IMAP server with one mailbox that follows a script, in a process of its own. Prints its port; what it holds is in `imap-mailbox.mjs`.

import { createServer } from 'node:net';
import { bodyOf, rowOf } from './imap-mailbox.mjs';
import { room } from './servers.mjs';

const { count, bodyOctets, ids } = JSON.parse(process.argv[2]);
const capabilities = 'IMAP4rev1 LITERAL+ UIDPLUS ESEARCH ID NAMESPACE CHILDREN AUTH=PLAIN SASL-IR';
const block = Buffer.from(`${'fivewire moves octets, '.repeat(3)}\r\n`.repeat(14_000));

/** `7,9:11,20:*` as numbers. */
function* numbers(set) {
  for (const part of set.split(',')) {
    const [from, to = from] = part.split(':').map((text) => (text === '*' ? count : Number(text)));
    for (let i = Math.min(from, to); i <= Math.max(from, to) && i <= count; i++) yield i;
  }
}

/** Octets go out in pieces of so many at least, as real servers write them. */
const pieceOctets = 32_768;

async function fetch(socket, tag, set, items) {
  const section = /BODY(?:\.PEEK)?\[\](?:<(\d+)[^>]*>)?/i.exec(items);
  let pieces = [];
  let octets = 0;
  const flush = async () => {
    if (!socket.write(Buffer.concat(pieces)) && !socket.destroyed) await room(socket);
    pieces = [];
    octets = 0;
  };
  for (const uid of numbers(set)) {
    if (section === null) pieces.push(Buffer.from(`* ${uid} FETCH (${rowOf(uid)})\r\n`, 'latin1'));
    else if (bodyOctets === undefined) {
      const body = bodyOf(uid);
      const name = section[1] === undefined ? 'BODY[]' : `BODY[]<${section[1]}>`;
      pieces.push(Buffer.from(`* ${uid} FETCH (UID ${uid} ${name} {${body.length}}\r\n`));
      pieces.push(body, Buffer.from(')\r\n'));
    } else {
      const from = Number(section[1] ?? 0);
      const most = Number(/<\d+\.(\d+)>/.exec(items)?.[1] ?? bodyOctets);
      const size = Math.min(most, bodyOctets - from);
      const name = section[1] === undefined ? 'BODY[]' : `BODY[]<${from}>`;
      pieces.push(Buffer.from(`* ${uid} FETCH (UID ${uid} ${name} {${size}}\r\n`));
      for (let left = size; left > 0; left -= block.length) {
        pieces.push(left < block.length ? block.subarray(0, left) : block);
        await flush();
      }
      pieces.push(Buffer.from(')\r\n'));
    }
    octets += pieces.at(-1).length + (pieces.at(-2)?.length ?? 0);
    if (octets >= pieceOctets) await flush();
  }
  pieces.push(Buffer.from(`${tag} OK done\r\n`));
  await flush();
}

const odd = {
  LITERALS: `* 1 FETCH (X (${'{1}\r\nx '.repeat(5_000)}NIL) UID 1)\r\n`,
  VANISHED: '* VANISHED (EARLIER) 1:4294967295\r\n* VANISHED 1:4294967295\r\n',
};

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  let work = Promise.resolve();
  let text = '';
  /** Octets of a literal that are to come, and whose command goes on behind it. */
  let left = 0;
  let waiting = '';
  socket.write(`* OK [CAPABILITY ${capabilities}] ready\r\n`);
  const answer = async (line) => {
    const [tag, ...words] = line.split(' ');
    const verb = (
      words[0].toUpperCase() === 'UID' ? words.splice(0, 2)[1] : words.shift()
    ).toUpperCase();
    const rest = words.join(' ');
    const say = (...lines) => socket.write([...lines, `${tag} OK done`, ''].join('\r\n'));
    if (verb === 'FETCH') await fetch(socket, tag, words[0], rest);
    else if (verb === 'CAPABILITY') say(`* CAPABILITY ${capabilities}`);
    else if (verb === 'SELECT' || verb === 'EXAMINE')
      say(
        `* ${count} EXISTS`,
        '* 0 RECENT',
        '* FLAGS (\\Seen)',
        '* OK [PERMANENTFLAGS (\\Seen)] x',
        '* OK [UIDVALIDITY 1] x',
        `* OK [UIDNEXT ${count + 1}] x`,
      );
    else if (verb === 'SEARCH' && rest.includes('RETURN'))
      say(
        `* ESEARCH (TAG "${tag}") UID ALL ${ids ? Array.from({ length: ids }, (_, i) => i * 2 + 1).join(',') : `1:${count}`}`,
      );
    else if (verb === 'SEARCH')
      say(`* SEARCH ${Array.from({ length: count }, (_, i) => i + 1).join(' ')}`);
    else if (verb === 'LIST' || verb === 'LSUB') say(`* ${verb} () "/" INBOX`);
    else if (verb === 'NAMESPACE') say('* NAMESPACE (("" "/")) NIL NIL');
    else if (verb === 'ID') say('* ID NIL');
    else if (verb === 'LOGOUT') {
      say('* BYE bye');
      socket.end();
    } else if (verb === 'NOOP' && rest in odd) say(odd[rest].trimEnd());
    else if (verb === 'LOGIN' || verb === 'AUTHENTICATE')
      socket.write(`${tag} OK [CAPABILITY ${capabilities}] in\r\n`);
    else say();
  };
  const take = (chunk) => {
    let octets = chunk;
    while (octets.length > 0) {
      if (left > 0) {
        const step = Math.min(left, octets.length);
        left -= step;
        octets = octets.subarray(step);
        continue;
      }
      const end = octets.indexOf(10);
      text += octets.latin1Slice(0, end < 0 ? octets.length : end + 1);
      octets = end < 0 ? Buffer.alloc(0) : octets.subarray(end + 1);
      if (end < 0) return;
      const line = waiting + text.trimEnd();
      text = '';
      waiting = '';
      const literal = /\{(\d+)(\+?)\}$/.exec(line);
      if (literal === null) work = work.then(() => answer(line));
      else {
        left = Number(literal[1]);
        waiting = `${line} `;
        if (literal[2] === '') work = work.then(() => socket.write('+ go on\r\n'));
      }
    }
  };
  socket.on('data', take);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on('end', () => process.exit());
