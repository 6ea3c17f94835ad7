// Listings and transfers. `raw` asks for the same octets in as few flights as the protocol allows, and throws them away.
import { connect as tcp } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { createSecureContext, connect as tls } from 'node:tls';

const small = Buffer.alloc(1024, 'x');
const block = Buffer.alloc(1 << 18, 'x');
const none = () => new Writable({ write: (_piece, _encoding, done) => done() });
/** So many octets, in pieces as a file is read. */
function* pieces(octets) {
  for (let left = octets; left > 0; left -= block.length)
    yield left < block.length ? block.subarray(0, left) : block;
}

// ── raw ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function rawDial({ host = '127.0.0.1', port, ca, serverHostname }) {
  const secureContext = ca && createSecureContext({ ca });
  let session;
  const secured = (options) => {
    const socket = tls({ servername: serverHostname, secureContext, session, ...options });
    socket.on('session', (given) => {
      session = given;
    });
    return socket;
  };
  const control = ca ? secured({ host, port }) : tcp({ host, port, noDelay: true });
  let text = '';
  let wake = () => {};
  control.on('data', (chunk) => {
    text += chunk.latin1Slice();
    wake();
  });
  /** The next line of that kind; those before it are dropped. */
  const line = async (pattern) => {
    for (;;) {
      const found = pattern.exec(text);
      if (found) {
        text = text.slice(found.index + found[0].length);
        return found;
      }
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  await line(/220 .*\r\n/);
  control.write('USER u\r\nPASS p\r\nTYPE I\r\n');
  await line(/230 .*\r\n200 .*\r\n/);
  const data = async (command) => {
    control.write('EPSV\r\n');
    const [, to] = await line(/229 .*\|\|\|(\d+)\|.*\r\n/);
    const socket = tcp({ host, port: Number(to), noDelay: true });
    control.write(`${command}\r\n`);
    return ca ? secured({ socket }) : socket;
  };
  const received = async (command) => {
    let octets = 0;
    const socket = await data(command);
    socket.on('data', (piece) => {
      octets += piece.length;
    });
    await new Promise((resolve) => socket.once('end', resolve));
    await line(/226 .*\r\n/);
    return octets;
  };
  const sent = async (command, octets) => {
    const socket = await data(command);
    socket.resume();
    for (const piece of octets === small.length ? [small] : pieces(octets))
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
    socket.end();
    await line(/226 .*\r\n/);
  };
  return { control, received, sent };
}

const raw = (work) => async (input, output) => {
  const session = await rawDial(input);
  output(String(await work(session, input)));
  session.control.destroy();
};

const rawListing = (verb) =>
  raw(async ({ received }) => {
    await received(`${verb} /big`);
    return 50_000;
  });
export const rawList = rawListing('LIST');
export const rawMlsd = rawListing('MLSD');
export const rawDown = raw(async ({ received }, { count, octets }) => {
  let all = 0;
  for (let i = 0; i < count; i++) all += await received(`RETR /${i}/${octets}.bin`);
  return all;
});
export const rawUp = raw(async ({ sent }, { count, octets }) => {
  for (let i = 0; i < count; i++) await sent(`STOR /${i}/${octets}.bin`, octets);
  return count * octets;
});

// ── ours ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const options = ({ host = '127.0.0.1', port, ca, serverHostname }, disable = []) => ({
  host,
  port,
  disable,
  auth: { user: 'u', password: 'p' },
  ...(ca ? { serverHostname, tls: { ca } } : { security: 'cleartext', allowCleartextAuth: true }),
});

const ours = (work, disable) => async (input, output) => {
  const { FtpClient } = await import('@fivewire/ftp');
  const client = await FtpClient.connect(options(input, disable));
  output(String(await work(client, input)));
  await client.quit();
};

async function listed(client) {
  let entries = 0;
  for await (const _ of client.list('/big')) entries++;
  return entries;
}
export const list = ours(listed, ['MLST']);
export const mlsd = ours(listed);

const downloads = async (client, { count, octets }) => {
  let all = 0;
  for (let i = 0; i < count; i++)
    all += (await client.download(`/${i}/${octets}.bin`, none())).octets;
  return all;
};
const sourceOf = (octets) => (octets === small.length ? small : Readable.from(pieces(octets)));
const uploads = async (client, { count, octets }) => {
  for (let i = 0; i < count; i++) await client.upload(sourceOf(octets), `/${i}/${octets}.bin`);
  return count * octets;
};
export const down = ours(downloads);
export const up = ours(uploads);

/** The same files, all asked for at once. */
export async function pool(input, output) {
  const { createFtpPool } = await import('@fivewire/ftp');
  const clients = createFtpPool({ ...options(input), maxConnections: 4 });
  const all = await Promise.all(
    Array.from({ length: input.count }, (_, i) =>
      clients.download(`/${i}/${input.octets}.bin`, none()),
    ),
  );
  output(String(all.reduce((sum, { octets }) => sum + octets, 0)));
  await clients.close();
}

// ── basic-ftp ────────────────────────────────────────────────────────────────────────────────────────────────────

const basic =
  (work, hasMlsd = false) =>
  async (input, output) => {
    const { Client } = await import('basic-ftp');
    const { host = '127.0.0.1', port, ca, serverHostname } = input;
    const client = new Client();
    const secureOptions = ca && { ca, servername: serverHostname };
    await client.access({
      host,
      port,
      user: 'u',
      password: 'p',
      ...(ca && { secure: 'implicit', secureOptions }),
    });
    if (!hasMlsd) client.availableListCommands = ['LIST'];
    output(String(await work(client, input)));
    client.close();
  };

const basicListed = async (client) => (await client.list('/big')).length;
export const basicList = basic(basicListed);
export const basicMlsd = basic(basicListed, true);
export const basicDown = basic(async (client, { count, octets }) => {
  for (let i = 0; i < count; i++) await client.downloadTo(none(), `/${i}/${octets}.bin`);
  return count * octets;
});
export const basicUp = basic(async (client, { count, octets }) => {
  for (let i = 0; i < count; i++)
    await client.uploadFrom(
      Readable.from(octets === small.length ? [small] : pieces(octets)),
      `/${i}/${octets}.bin`,
    );
  return count * octets;
});
