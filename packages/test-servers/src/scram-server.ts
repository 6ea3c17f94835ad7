/** SCRAM from the server's side, RFC 5802 §3 and §5, RFC 7677; channel binding as RFC 5929 and RFC 9266. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { Exchange, SaslEnvironment } from './sasl-server.js';

/** What makes each exchange different. A test with published vectors puts its own here. */
export interface ScramRandomness {
  nonce(): string;
  salt(): Buffer;
}

const fresh: ScramRandomness = {
  nonce: () => randomBytes(18).toString('base64'),
  salt: () => randomBytes(16),
};

/** @param plus Whether the client chose the -PLUS form. */
export function* scram(
  at: SaslEnvironment,
  hash: string,
  plus: boolean,
  random: ScramRandomness = fresh,
): Exchange {
  const first = Buffer.from(yield new Uint8Array()).toString('utf8');
  // client-first-message = gs2-cbind-flag "," [authzid] "," "n=" saslname ",r=" c-nonce
  const match =
    /^((p=[A-Za-z0-9.-]+|n|y),(?:a=[^,]*)?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+).*)$/.exec(first);
  if (!match) return { refused: 'That is no client-first-message.' };
  const [, gs2 = '', flag = '', firstBare = '', name = '', clientNonce = ''] = match;
  const bindings = channelBindings(at, flag);
  if (plus !== flag.startsWith('p')) return { refused: 'The channel binding flag does not fit.' };
  if (plus && bindings.length === 0) return { refused: 'That channel binding is not supported.' };
  // "y": the client could bind, and believes that we could not. We could, so someone cut our list.
  if (flag === 'y' && offersPlus(at)) return { refused: 'Channel binding was stripped.' };

  const user = name.replaceAll('=2C', ',').replaceAll('=3D', '=');
  const iterations = at.options.iterations ?? 4_096;
  const salt = random.salt();
  const nonce = `${at.options.forgeNonce ? 'forged' : clientNonce}${random.nonce()}`;
  const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;

  const final = Buffer.from(yield Buffer.from(serverFirst)).toString('utf8');
  // client-final-message = "c=" base64 ",r=" nonce ",p=" base64
  const parts = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)),p=([A-Za-z0-9+/=]+)$/.exec(final);
  if (!parts) return { refused: 'That is no client-final-message.' };
  const [, withoutProof = '', binding = '', echoed, proof = ''] = parts;
  if (echoed !== nonce) return { refused: 'The nonce is not ours.' };
  const expected = (plus ? bindings : [Buffer.alloc(0)]).map((octets) =>
    Buffer.concat([Buffer.from(gs2), octets]).toString('base64'),
  );
  if (!expected.includes(binding)) return { refused: 'The channel is not the one we are on.' };

  const password = at.accounts.password(user);
  if (password === undefined) return { refused: 'Authentication failed.' };
  const message = `${firstBare},${serverFirst},${withoutProof}`;
  const keys = derive(hash, password, salt, iterations);
  const clientKey = xor(Buffer.from(proof, 'base64'), hmac(hash, keys.storedKey, message));
  if (!equal(createHash(hash).update(clientKey).digest(), keys.storedKey))
    return { refused: 'Authentication failed.' };
  const serverKey = at.options.forgeServerSignature ? randomBytes(32) : keys.serverKey;
  const signature = hmac(hash, serverKey, message).toString('base64');
  return { user, final: Buffer.from(`v=${signature}`) };
}

function derive(hash: string, password: string, salt: Buffer, iterations: number) {
  const length = createHash(hash).digest().length;
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, length, hash);
  return {
    storedKey: createHash(hash)
      .update(hmac(hash, salted, 'Client Key'))
      .digest(),
    serverKey: hmac(hash, salted, 'Server Key'),
  };
}

/** What the binding named by the flag may be worth on this connection. */
function channelBindings({ session }: SaslEnvironment, flag: string): Buffer[] {
  const socket = session.socket;
  if (!(socket instanceof TLSSocket)) return [];
  switch (flag) {
    case 'p=tls-exporter': {
      // TLS 1.2 tells no context from an empty one (RFC 5705 §4) and clients differ; both prove the same channel.
      const label = 'EXPORTER-Channel-Binding';
      return [
        socket.exportKeyingMaterial(32, label, Buffer.alloc(0)),
        socket.exportKeyingMaterial(32, label, undefined as unknown as Buffer),
      ];
    }
    case 'p=tls-unique': {
      const finished = socket.getProtocol() === 'TLSv1.2' ? socket.getPeerFinished() : undefined;
      return finished === undefined ? [] : [finished];
    }
    case 'p=tls-server-end-point':
      return [Buffer.from(session.tls.endPoint(session.record.tls?.servername))];
    default:
      return [];
  }
}

function offersPlus({ session, options }: SaslEnvironment): boolean {
  if (!session.secure) return false;
  return options.mechanisms?.some((name) => name.endsWith('-PLUS')) ?? true;
}

const hmac = (hash: string, key: Uint8Array, message: string): Buffer =>
  createHmac(hash, key).update(message).digest();

const equal = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(b.map((octet, at) => octet ^ (a[at] ?? 0)));
}
