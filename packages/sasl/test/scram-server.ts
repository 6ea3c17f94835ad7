/** A SCRAM server written apart from the client, from RFC 5802 section 3, with faults to order. */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

export interface ScramAccount {
  hash: 'sha1' | 'sha256' | 'sha512';
  user: string;
  password: string;
  iterations?: number;
}

export class ScramServer {
  readonly account: ScramAccount;
  readonly binding: { type: string; data: Uint8Array } | undefined;
  readonly salt: Buffer = Buffer.from('salt of this account');
  gs2 = '';
  authzid: string | undefined;
  #clientFirstBare = '';
  #serverFirst = '';

  constructor(account: ScramAccount, binding?: { type: string; data: Uint8Array }) {
    this.account = account;
    this.binding = binding;
  }

  first(message: string): string {
    const found = /^((?:p=[^,]+|y|n),(?:a=([^,]*))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+))$/.exec(
      message,
    );
    if (!found) throw new Error(`not a client-first-message: ${message}`);
    const [, gs2 = '', authzid, bare = '', name = '', nonce = ''] = found;
    if (name.replaceAll('=2C', ',').replaceAll('=3D', '=') !== this.account.user)
      return 'e=unknown-user';
    if (gs2.startsWith('y') && this.binding) return 'e=server-does-support-channel-binding';
    this.gs2 = gs2;
    this.authzid = authzid;
    this.#clientFirstBare = bare;
    this.#serverFirst = `r=${nonce}%server,s=${this.salt.toString('base64')},i=${this.account.iterations ?? 4096}`;
    return this.#serverFirst;
  }

  final(message: string): string {
    const cut = message.lastIndexOf(',p=');
    const withoutProof = message.slice(0, cut);
    const proof = Buffer.from(message.slice(cut + 3), 'base64');
    const bound = this.gs2.startsWith('p=')
      ? (this.binding?.data ?? new Uint8Array())
      : new Uint8Array();
    const c = Buffer.concat([Buffer.from(this.gs2), bound]).toString('base64');
    const nonce = this.#serverFirst.slice(2, this.#serverFirst.indexOf(',s='));
    if (withoutProof !== `c=${c},r=${nonce}`) return 'e=channel-bindings-dont-match';

    const { hash, password, iterations = 4096 } = this.account;
    const octets = { sha1: 20, sha256: 32, sha512: 64 }[hash];
    const salted = pbkdf2Sync(password, this.salt, iterations, octets, hash);
    const mac = (key: Buffer, value: string) => createHmac(hash, key).update(value).digest();
    const digest = (value: Buffer) => createHash(hash).update(value).digest();
    const storedKey = digest(mac(salted, 'Client Key'));
    const authMessage = [this.#clientFirstBare, this.#serverFirst, withoutProof].join(',');
    const signature = mac(storedKey, authMessage);
    const clientKey = Buffer.from(proof.map((octet, i) => octet ^ (signature[i] ?? 0)));
    if (!timingSafeEqual(digest(clientKey), storedKey)) return 'e=invalid-proof';
    return `v=${mac(mac(salted, 'Server Key'), authMessage).toString('base64')}`;
  }
}
