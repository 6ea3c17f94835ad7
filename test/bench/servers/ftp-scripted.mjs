// A scripted FTP server in a process of its own: lists, sends and takes what no disk is needed for.
// Forked with { cert, key, ports, roundTrip } as its first message; answers with { port }. Passive ports come from `ports` where it is
// given (a relay needs to know them), else from the system.
import { createServer as tcpServer } from 'node:net';
import { createSecureContext, TLSSocket, createServer as tlsServer } from 'node:tls';

const entries = 50_000;
const block = Buffer.alloc(1 << 18, 'fivewire moves octets, ');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (number) => String(number).padStart(2, '0');

function unixLine(at) {
  const date = `${months[at % 12]} ${two((at % 28) + 1)}  ${2015 + (at % 9)}`;
  const size = String((at * 7919) % 1_000_000).padStart(8);
  return `-rw-r--r--    1 5005     5005     ${size} ${date} report ${at}.pdf\r\n`;
}

function factsLine(at) {
  const time = `${2015 + (at % 9)}${two((at % 12) + 1)}${two((at % 28) + 1)}${two(at % 24)}${two(at % 60)}${two((at * 7) % 60)}`;
  return `modify=${time};perm=adfrw;size=${(at * 7919) % 1_000_000};type=file;unique=1AU${at.toString(16)};UNIX.group=5005;UNIX.groupname=fast;UNIX.mode=0644;UNIX.owner=5005;UNIX.ownername=fast; report ${at}.pdf\r\n`;
}

const listing = (line, count) =>
  Buffer.from(Array.from({ length: count }, (_, at) => line(at)).join(''), 'latin1');
const listings = new Map();
const listed = (verb, path) => {
  const line = verb === 'MLSD' ? factsLine : unixLine;
  const count = path.endsWith('big') ? entries : 0;
  const key = `${verb} ${count}`;
  if (!listings.has(key)) listings.set(key, listing(line, count));
  return listings.get(key);
};

/** `512.bin` has 512 octets, whatever its directory. */
const sizeOf = (path) => Number(/(\d+)\.bin$/.exec(path)?.[1] ?? 0);

function start({ cert, key, ports }) {
  const context = cert && createSecureContext({ cert, key });
  const taken = new Map();
  const free = ports
    ? Array.from({ length: ports[1] - ports[0] + 1 }, (_, at) => ports[0] + at)
    : [];

  function serve(control) {
    control.on('error', () => {});
    control.setNoDelay?.(true);
    const say = (line) => control.write(`${line}\r\n`);
    let data;
    let line = '';
    /** The next data connection, once it is there and secured. */
    const withData = (work) => {
      const expected = data;
      data = undefined;
      if (expected === undefined) say('425 no port');
      else expected.then(work);
    };
    const listen = () => {
      const server = tcpServer({ noDelay: true });
      const port = free.shift() ?? 0;
      data = new Promise((resolve) => {
        server.once('connection', (socket) => {
          server.close(() => port > 0 && free.push(port));
          socket.on('error', () => {});
          if (!context) return resolve(socket);
          const secured = new TLSSocket(socket, { isServer: true, secureContext: context });
          secured.on('error', () => {});
          secured.once('secure', () => resolve(secured));
        });
      });
      server.listen(port, '127.0.0.1', () => say(`229 port (|||${server.address().port}|)`));
    };
    const sendOctets = async (socket, octets) => {
      for (let left = octets; left > 0; left -= block.length) {
        if (!socket.write(left < block.length ? block.subarray(0, left) : block))
          await new Promise((resolve) => socket.once('drain', resolve));
      }
      socket.end();
      say('226 done');
    };
    const verbs = {
      USER: () => say('331 password'),
      PASS: () => say('230 welcome'),
      FEAT: () => say('211-Features\r\n EPSV\r\n MLST type*;size*;modify*;\r\n SIZE\r\n211 End'),
      SYST: () => say('215 UNIX Type: L8'),
      PWD: () => say('257 "/"'),
      EPSV: listen,
      MLST: (path) => say(`250-facts\r\n type=dir; ${path}\r\n250 end`),
      SIZE: (path) => say(`213 ${taken.get(path) ?? sizeOf(path)}`),
      RETR: (path) => {
        say('150 here');
        withData((socket) => sendOctets(socket, sizeOf(path)));
      },
      STOR: (path) => {
        say('150 go on');
        withData((socket) => {
          let octets = 0;
          socket.on('data', (piece) => {
            octets += piece.length;
          });
          socket.on('end', () => {
            taken.set(path, octets);
            socket.end();
            say('226 done');
          });
        });
      },
      QUIT: () => control.end('221 bye\r\n'),
    };
    for (const verb of ['LIST', 'MLSD']) {
      verbs[verb] = (path) => {
        say('150 here');
        withData((socket) => {
          socket.end(listed(verb, path));
          say('226 done');
        });
      };
    }
    say('220 bench');
    control.on('data', (chunk) => {
      line += chunk.latin1Slice();
      const lines = line.split('\r\n');
      line = lines.pop();
      control.cork();
      for (const each of lines) {
        const blank = each.indexOf(' ');
        const verb = blank < 0 ? each : each.slice(0, blank);
        const work = verbs[verb.toUpperCase()];
        if (work) work(blank < 0 ? '' : each.slice(blank + 1));
        else say('200 ok');
      }
      control.uncork();
    });
  }

  const server = cert ? tlsServer({ cert, key }, serve) : tcpServer(serve);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

process.once('message', start);
process.once('disconnect', () => process.exit());
