// IMAP clients with the same work: the same fields touched and decoded, the same octets taken. What they saw is compared with what is there.
import { connect as tcp } from 'node:net';
import { factSum } from '../imap-mailbox.mjs';

/** Each field of each row counts; a client that sees something else is no contender. */
function witness({ facts }) {
  let sum = 0;
  return {
    see: (fact) => {
      sum += factSum(fact);
    },
    judge: () => same('the sum of what was seen', sum, facts),
  };
}

const same = (what, seen, expected) => {
  if (seen !== expected) throw new Error(`${what}: ${seen} instead of ${expected}`);
};

async function client({ host, port }, options = {}) {
  const { ImapClient } = await import('@fivewire/imap');
  return ImapClient.connect({
    ...{ host, port, security: 'cleartext', allowCleartextAuth: true },
    ...{ auth: { user: 'alice', password: 'secret' }, ...options },
  });
}

const leaves = (part) => (part.parts.length === 0 ? [part] : part.parts.flatMap(leaves));

export async function fivewireMeta(input, output) {
  const imap = await client(input);
  const box = await imap.open('INBOX', { readOnly: true });
  const { see, judge } = witness(input);
  let count = 0;
  const items = { flags: true, internalDate: true, size: true, envelope: true, structure: true };
  for await (const { uid, envelope, size, structure } of box.fetch('1:*', items)) {
    const [from] = envelope.from;
    const all = leaves(structure);
    const filename = all.find((part) => part.filename !== undefined)?.filename ?? '';
    see({
      ...from,
      uid,
      subject: envelope.subject,
      date: envelope.date,
      size,
      types: all.map(({ type }) => type),
      filename,
    });
    count++;
  }
  judge();
  output(`${count}`);
  await imap.quit();
}

export async function imapflowMeta(input, output) {
  const imap = await flow(input);
  const lock = await imap.getMailboxLock('INBOX', { readOnly: true });
  const { see, judge } = witness(input);
  let count = 0;
  const items = {
    uid: true,
    flags: true,
    internalDate: true,
    size: true,
    envelope: true,
    bodyStructure: true,
  };
  const parts = (node) => node.childNodes?.flatMap(parts) ?? [node];
  for await (const { uid, envelope, size, bodyStructure } of imap.fetch('1:*', items)) {
    const [{ name = '', address }] = envelope.from;
    const all = parts(bodyStructure);
    const filename =
      all.find((part) => part.dispositionParameters?.filename)?.dispositionParameters.filename ??
      '';
    see({
      uid,
      subject: envelope.subject,
      name,
      address,
      date: envelope.date,
      size,
      types: all.map(({ type }) => type),
      filename,
    });
    count++;
  }
  judge();
  output(`${count}`);
  lock.release();
  await imap.logout();
}

async function flow({ host, port }) {
  const { ImapFlow } = await import('imapflow');
  const imap = new ImapFlow({
    ...{ host, port, secure: false, doSTARTTLS: false, logger: false },
    ...{ disableAutoIdle: true, auth: { user: 'alice', pass: 'secret' } },
  });
  await imap.connect();
  return imap;
}

async function nodeImap({ port }) {
  const { default: Connection } = await import('imap');
  const imap = new Connection({
    host: '127.0.0.1',
    port,
    tls: false,
    user: 'alice',
    password: 'secret',
  });
  await new Promise((resolve, reject) => {
    imap.once('ready', resolve).once('error', reject);
    imap.connect();
  });
  await new Promise((resolve, reject) =>
    imap.openBox('INBOX', true, (error) => (error ? reject(error) : resolve())),
  );
  return imap;
}

export async function nodeImapMeta(input, output) {
  const imap = await nodeImap(input);
  const { see, judge } = witness(input);
  let count = 0;
  const parts = ([node, ...below]) => (node.partID ? [node] : below.flatMap(parts));
  const rows = imap.fetch('1:*', { envelope: true, struct: true, size: true });
  rows.on('message', (message) =>
    message.once('attributes', ({ uid, envelope, size, struct }) => {
      const [{ name, mailbox, host }] = envelope.from;
      const all = parts(struct);
      const filename =
        all.find((part) => part.disposition?.params?.filename)?.disposition.params.filename ?? '';
      see({
        uid,
        subject: envelope.subject,
        name: name ?? '',
        address: `${mailbox}@${host}`,
        date: new Date(envelope.date),
        size,
        types: all.map(({ type, subtype }) => `${type}/${subtype}`),
        filename,
      });
      count++;
    }),
  );
  await new Promise((resolve, reject) => rows.once('end', resolve).once('error', reject));
  judge();
  output(`${count}`);
  imap.end();
}

/** What comes is thrown away; the answer to `Z` ends it. */
async function raw({ host, port }, write) {
  const socket = tcp({ host, port, noDelay: true });
  let octets = 0;
  let tail = '';
  const end = new Promise((resolve, reject) => {
    socket.on('error', reject).on('data', (chunk) => {
      octets += chunk.length;
      tail = (tail + chunk.latin1Slice(Math.max(0, chunk.length - 100))).slice(-100);
      if (/(?:^|\r\n)Z .*\r\n$/.test(tail)) resolve();
    });
  });
  socket.write('a LOGIN alice secret\r\nb EXAMINE INBOX\r\n');
  await write(socket);
  await end;
  socket.destroy();
  return octets;
}

export async function rawMeta(input, output) {
  await raw(input, (socket) =>
    socket.write('Z UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n'),
  );
  output(`${input.count}`);
}

export async function rawBodies(input, output) {
  const octets = await raw(input, (socket) =>
    socket.write('Z UID FETCH 1:* (UID BODY.PEEK[])\r\n'),
  );
  if (octets < input.octets) throw new Error(`only ${octets} octets`);
  output(`${input.octets}`);
}

export async function fivewireBodies(input, output) {
  const imap = await client(input);
  const box = await imap.open('INBOX', { readOnly: true });
  let octets = 0;
  for await (const message of box.fetch('1:*', { bodies: [''] }))
    for await (const piece of message.body()) octets += piece.length;
  same('octets', octets, input.octets);
  output(`${octets}`);
  await imap.quit();
}

export async function imapflowBodies(input, output) {
  const imap = await flow(input);
  const lock = await imap.getMailboxLock('INBOX', { readOnly: true });
  let octets = 0;
  for await (const { source } of imap.fetch('1:*', { uid: true, source: true }))
    octets += source.length;
  same('octets', octets, input.octets);
  output(`${octets}`);
  lock.release();
  await imap.logout();
}

export async function nodeImapBodies(input, output) {
  const imap = await nodeImap(input);
  let octets = 0;
  const rows = imap.fetch('1:*', { bodies: '' });
  rows.on('message', (message) =>
    message.on('body', (stream) =>
      stream.on('data', (piece) => {
        octets += piece.length;
      }),
    ),
  );
  await new Promise((resolve, reject) => rows.once('end', resolve).once('error', reject));
  same('octets', octets, input.octets);
  output(`${octets}`);
  imap.end();
}

const letter = Buffer.from('The quick brown fox jumps over the lazy dog.\r\n'.repeat(90));
const block = Buffer.alloc(1 << 20, 'fivewire moves octets\r\n');

function* blocks(size) {
  for (let left = size; left > 0; left -= block.length)
    yield left < block.length ? block.subarray(0, left) : block;
}

export async function rawAppend(input, output) {
  const one = Buffer.concat([
    Buffer.from(`c APPEND INBOX {${letter.length}+}\r\n`),
    letter,
    Buffer.from('\r\n'),
  ]);
  await raw(input, async (socket) => {
    for (let i = 0; i < input.append; i++)
      if (!socket.write(one)) await new Promise((resolve) => socket.once('drain', resolve));
    socket.write('Z NOOP\r\n');
  });
  output(`${input.append}`);
}

export async function fivewireAppend(input, output) {
  const imap = await client(input);
  const under = new Set();
  for (let i = 0; i < input.append; i++) {
    const one = imap.append('INBOX', letter).then(() => under.delete(one));
    under.add(one);
    if (under.size >= 64) await Promise.race(under);
  }
  await Promise.all(under);
  output(`${input.append}`);
  await imap.quit();
}

export async function imapflowAppend(input, output) {
  const imap = await flow(input);
  for (let i = 0; i < input.append; i++) await imap.append('INBOX', letter);
  output(`${input.append}`);
  await imap.logout();
}

export async function rawOut(input, output) {
  await raw(input, async (socket) => {
    socket.write(`c APPEND INBOX {${input.long}+}\r\n`);
    for (const piece of blocks(input.long))
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
    socket.write('\r\nZ NOOP\r\n');
  });
  output(`${input.long}`);
}

export async function fivewireOut(input, output) {
  const imap = await client(input);
  const { Readable } = await import('node:stream');
  const { size } = await imap.append('INBOX', Readable.from(blocks(input.long)), {
    size: input.long,
  });
  same('octets', size, input.long);
  output(`${input.long}`);
  await imap.quit();
}

/** One command of the hostile ones; `raw` reads the same octets. */
const odd = (name) => ({
  raw: async (input, output) => {
    await raw(input, (socket) => socket.write(`Z NOOP ${name}\r\n`));
    output(name);
  },
  fivewire: async (input, output) => {
    const imap = await client(input);
    await imap.open('INBOX', { readOnly: true });
    await imap.command('NOOP', [{ atom: name }]);
    output(name);
    await imap.quit();
  },
});
export const { raw: rawLiterals, fivewire: fivewireLiterals } = odd('LITERALS');
export const { raw: rawVanished, fivewire: fivewireVanished } = odd('VANISHED');

export async function rawIds(input, output) {
  await raw(input, (socket) => socket.write('Z UID SEARCH RETURN (ALL) ALL\r\n'));
  output(`${input.ids}`);
}

export async function fivewireIds(input, output) {
  const imap = await client(input, { limits: { tokens: 2_000_000 } });
  const box = await imap.open('INBOX', { readOnly: true });
  same('UIDs', (await box.search()).size, input.ids);
  output(`${input.ids}`);
  await imap.quit();
}
