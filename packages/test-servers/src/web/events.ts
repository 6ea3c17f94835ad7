/** What happens, as it happens: server-sent events (WHATWG HTML §9.2) named `mail`, `news`, `files` and `connections`. */
import type { ServerResponse } from 'node:http';
import type { TestServers } from '../start-test-servers.js';

/** Milliseconds in which changes of one kind become one event. */
const gather = 50;
/** Milliseconds between signs of life, so that nothing on the way takes the connection for dead. */
const heartbeat = 15_000;

/** Sends events until the client goes. */
export function sendEvents(response: ServerResponse, servers: TestServers): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.write('retry: 1000\n\n');
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    for (const name of waiting) response.write(`event: ${name}\ndata: {}\n\n`);
    waiting.clear();
  };
  const tell = (name: string) => () => {
    waiting.add(name);
    timer ??= setTimeout(flush, gather);
  };
  const beats = setInterval(() => response.write(':\n\n'), heartbeat);
  const { mail, news, files, imap, smtp, pop3, ftp, nntp } = servers;
  const unwatch = [
    mail.watch(tell('mail')),
    news.watch(tell('news')),
    files.watch(tell('files')),
    ...[imap, smtp, pop3, ftp, nntp].map((server) => server.watch(tell('connections'))),
  ];
  response.once('close', () => {
    clearInterval(beats);
    clearTimeout(timer);
    for (const end of unwatch) end();
  });
}
