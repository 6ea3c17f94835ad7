// The control of the control: a login that does go through the tap must be seen by it.
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { expectNoCredential } from './doors.js';
import { authority, port, server } from './servers.js';
import { wireTap } from './wire-tap.js';

test('a login inside TLS shows as more than a handshake', async () => {
  const { host, serverHostname } = server('dovecot');
  const tap = await wireTap(host, port('dovecot', 'imaps'));
  try {
    const options = { host: '127.0.0.1', port: tap.port, servername: serverHostname };
    const socket = tls.connect({ ...options, ca: authority() });
    await once(socket, 'secureConnect');
    socket.end('a LOGIN alice secret\r\n');
    await tap.clientClosed;
    const door = { server: 'dovecot', port: 'imaps', security: 'implicit-tls' } as const;
    expect(() => expectNoCredential(tap, door)).toThrow();
  } finally {
    tap.close();
  }
});

test('a login in clear shows as what it is', async () => {
  const { host } = server('dovecot');
  const tap = await wireTap(host, port('dovecot', 'imap'));
  try {
    const socket = net.connect({ host: '127.0.0.1', port: tap.port });
    await once(socket, 'data');
    socket.end('a LOGIN alice secret\r\n');
    socket.resume();
    await tap.clientClosed;
    const door = { server: 'dovecot', port: 'imap', security: 'starttls' } as const;
    expect(() => expectNoCredential(tap, door)).toThrow();
  } finally {
    tap.close();
  }
});
