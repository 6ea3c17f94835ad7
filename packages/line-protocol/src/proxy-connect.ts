/** HTTP CONNECT, RFC 9110 §9.3.6, by HTTP/1.1 (RFC 9112). */
import type { Duplex } from 'node:stream';
import { escapeText, ipVersion } from 'tls-context-core';
import type { DialTarget } from './dial.js';
import { type ProxyAddress, ProxyRefusal } from './proxy-address.js';

/** Octets of all heads together. */
const headLimit = 16_384;

/** What follows the answer's head is the server's first words: it is put back. */
export function httpConnect(
  stream: Duplex,
  { user, password }: ProxyAddress,
  { host, port }: DialTarget,
): Promise<Duplex> {
  const authority = `${ipVersion(host) === 6 ? `[${host}]` : host}:${port}`;
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  const authorization = user === '' ? '' : `Proxy-Authorization: Basic ${credentials}\r\n`;
  stream.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    let octets = 0;
    const settle = (): void => {
      stream.off('data', onData);
      stream.off('error', onError);
      stream.off('close', onClose);
      stream.off('end', onClose);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onClose = (): void => onError(new Error('the proxy closed the connection'));
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      octets += chunk.length;
      for (;;) {
        const end = held.indexOf('\r\n\r\n');
        if (end < 0) {
          if (octets > headLimit) onError(new Error('the proxy sent an endless head'));
          return;
        }
        const head = held.toString('latin1', 0, end);
        held = held.subarray(end + 4);
        const status = statusOf(head);
        if (isInterim(status)) continue; // RFC 9110 §15.2: any number of them may come before the answer
        if (!(status >= 200 && status < 300)) {
          onError(refusal(head, status));
          return;
        }
        settle();
        stream.pause();
        if (held.length > 0) stream.unshift(held);
        resolve(stream);
        return;
      }
    };
    stream.on('data', onData);
    stream.on('error', onError);
    stream.on('close', onClose);
    stream.on('end', onClose);
  });
}

/** status-line = HTTP-version SP 3DIGIT SP [reason]. NaN for what is none. */
const statusOf = (head: string): number =>
  Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |\r|$)/.exec(head)?.[1] ?? Number.NaN);

/** 101 is an answer: to an Upgrade, for which we did not ask. */
const isInterim = (status: number): boolean => status >= 100 && status < 200 && status !== 101;

function refusal(head: string, status: number): ProxyRefusal {
  const [line = '', ...fields] = head.split('\r\n');
  const said = `it answered "${escapeText(line, 120)}"`;
  if (status === 407) {
    const asked = schemesOf(fields);
    return new ProxyRefusal(`${said}, asking for a login by ${asked.join(', ') || 'no scheme'}`, {
      retry: 'never',
      hint: asked.some((scheme) => /^basic$/i.test(scheme))
        ? 'Put user and password of the proxy into its URL, percent-encoded: http://user:password@proxy:8080.'
        : 'Only Basic is spoken here: give `dial` a function that speaks what the proxy asks for.',
    });
  }
  const lasting = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return new ProxyRefusal(said, { retry: lasting ? 'never' : 'later' });
}

/** auth-scheme of each challenge, RFC 9110 §11.7.1: the token before a blank or a comma that no "=" follows. */
function schemesOf(fields: readonly string[]): string[] {
  const values = fields
    .filter((field) => /^proxy-authenticate:/i.test(field))
    .map((field) => field.replace(/^[^:]*:/, '').replace(/"(?:[^"\\]|\\.)*"/g, '""'));
  const names = values.flatMap((value) =>
    value.split(',').flatMap((part) => /^\s*([A-Za-z][\w-]*)(?:\s+\S|\s*$)/.exec(part)?.[1] ?? []),
  );
  return [...new Set(names)].slice(0, 10);
}
