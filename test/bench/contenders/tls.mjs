// Each connects, reads to the end and closes. 'raw' shares one SecureContext and checks the name as Node does.
import { connect as tcp } from 'node:net';
import { connect, createSecureContext } from 'node:tls';

const dial = (port) =>
  new Promise((resolve, reject) => {
    const socket = tcp({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });

const readAll = (stream, output) =>
  new Promise((resolve, reject) => {
    stream.on('data', output).on('error', reject).on('close', resolve);
  });

function rawConnect({ ca, serverHostname }) {
  const secureContext = createSecureContext({ ca });
  return (socket, session) =>
    new Promise((resolve, reject) => {
      const secured = connect(
        {
          socket,
          secureContext,
          servername: serverHostname,
          ALPNProtocols: ['imap'],
          ...(session ? { session } : {}),
        },
        () => resolve(secured),
      );
      secured.once('error', reject);
    });
}

async function secureConnect({ ca, serverHostname, port }) {
  const { createSessionScope, createTlsContext, secure } = await import('tls-context-core');
  const context = createTlsContext({ ca });
  const identity = { context, serverHostname, protocol: 'imap', port };
  return {
    scope: () => createSessionScope(identity),
    connect: (socket, sessions) =>
      secure(socket, { ...identity, ...(sessions ? { sessions } : {}) }),
  };
}

export async function rawHandshakes(input, output) {
  const connect = rawConnect(input);
  for (let i = 0; i < input.count; i++)
    await readAll(await connect(await dial(input.port)), output);
}

export async function rawResumed(input, output) {
  const connect = rawConnect(input);
  let session;
  let resumed = 0;
  for (let i = 0; i < input.count; i++) {
    const secured = await connect(await dial(input.port), session);
    secured.on('session', (ticket) => {
      session = ticket;
    });
    if (secured.isSessionReused()) resumed++;
    await readAll(secured, output);
  }
  if (resumed < input.count - 1)
    throw new Error(`${resumed} of ${input.count} handshakes were resumed`);
}

export async function secureHandshakes(input, output) {
  const { connect } = await secureConnect(input);
  for (let i = 0; i < input.count; i++)
    await readAll(await connect(await dial(input.port)), output);
}

export async function secureResumed(input, output) {
  const { connect, scope } = await secureConnect(input);
  const sessions = scope();
  let resumed = 0;
  for (let i = 0; i < input.count; i++) {
    const secured = await connect(await dial(input.port), sessions);
    if (secured.security.resumed) resumed++;
    await readAll(secured, output);
  }
  if (resumed < input.count - 1)
    throw new Error(`${resumed} of ${input.count} handshakes were resumed`);
}

export async function rawStream(input, output) {
  await readAll(await rawConnect(input)(await dial(input.port)), output);
}

export async function secureStream(input, output) {
  const { connect } = await secureConnect(input);
  await readAll(await connect(await dial(input.port)), output);
}
