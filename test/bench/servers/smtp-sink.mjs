// A scripted SMTP server in a process of its own: takes messages by DATA and BDAT, counts them, throws them away.
// Forked with { cert, key } or nothing for cleartext as its first message; answers with { port }.
import { createServer as tcpServer } from 'node:net';
import { createServer as tlsServer } from 'node:tls';

const hello = Buffer.from('250-bench\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n');
const end = Buffer.from('\r\n.\r\n');

function serve(socket) {
  socket.on('error', () => {});
  socket.setNoDelay?.(true);
  socket.write('220 bench\r\n');
  /** What of the last chunk is not understood yet. */
  let rest = Buffer.alloc(0);
  /** `undefined`: commands; octets left of a chunk; or -1: up to the lone dot. */
  let body;
  let octetsOfBody = 0;

  socket.on('data', (chunk) => {
    let octets = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let answers = '';
    for (;;) {
      if (body === -1) {
        const at = octets.indexOf(end);
        if (at < 0) {
          const taken = Math.max(0, octets.length - 4);
          octetsOfBody += taken;
          octets = octets.subarray(taken);
          break;
        }
        octetsOfBody += at + 2;
        octets = octets.subarray(at + end.length);
        body = undefined;
        answers += `250 2.0.0 ${octetsOfBody} octets\r\n`;
        octetsOfBody = 0;
      } else if (body !== undefined) {
        const taken = Math.min(body, octets.length);
        octetsOfBody += taken;
        body -= taken;
        octets = octets.subarray(taken);
        if (body > 0) break;
        body = undefined;
        answers += `250 2.0.0 ${octetsOfBody} octets\r\n`;
      } else {
        const at = octets.indexOf(10);
        if (at < 0) break;
        const line = octets.latin1Slice(0, at - 1);
        octets = octets.subarray(at + 1);
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === 'DATA') {
          body = -1;
          answers += '354 go on\r\n';
        } else if (verb === 'BDAT') body = Number(line.split(' ')[1]);
        else if (verb === 'EHLO') answers += hello;
        else if (verb === 'QUIT') socket.end(`${answers}221 bye\r\n`);
        else {
          if (verb === 'MAIL') octetsOfBody = 0;
          answers += '250 2.1.0 ok\r\n';
        }
      }
    }
    rest = Buffer.from(octets);
    if (answers !== '' && socket.writable) socket.write(answers);
  });
}

process.once('message', (tls) => {
  const server = tls.cert ? tlsServer(tls, serve) : tcpServer({ noDelay: true }, serve);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('disconnect', () => process.exit());
