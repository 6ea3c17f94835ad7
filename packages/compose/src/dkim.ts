/**
 * DKIM signatures, RFC 6376, with RSA (RFC 8301) and Ed25519 (RFC 8463).
 *
 * relaxed/relaxed, never `l=`. The header has to say what the body hashes to, and stands before it; so the body is kept
 * (spool.ts) while it is hashed, in flat memory.
 */
import { createHash, createPrivateKey, type Hash, KeyObject, sign } from 'node:crypto';
import { parseServerHostname } from 'tls-context-core';
import { checkKeys, checkLine, wrong } from './check-values.js';
import { splitHeader } from './split-header.js';
import { createSpool } from './spool.js';

export interface DkimKey {
  /** The signing domain, `d=`. */
  domain: string;
  /** The selector, `s=`: the public key is at `<selector>._domainkey.<domain>`. */
  selector: string;
  /** An RSA key of 1024 bits or more, or an Ed25519 key: PEM, DER (PKCS#8) or a KeyObject. */
  privateKey: string | Uint8Array | KeyObject;
}

export interface DkimSigner {
  stream(message: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** For a message in memory. */
  whole(message: Buffer): Buffer;
}

/** Signed where they are there, and once more: a second one, put on top later, breaks the signature. */
const oversigned = ['from', 'to', 'subject', 'date', 'reply-to'];
/** Signed where they are there. RFC 8058 §4 demands List-Unsubscribe and its Post. */
const signedToo = [
  'sender', 'cc', 'message-id', 'in-reply-to', 'references', 'mime-version', 'content-type',
  'content-transfer-encoding', 'content-id', 'content-description', 'resent-date', 'resent-from', 'resent-to',
  'resent-cc', 'list-id', 'list-help', 'list-unsubscribe', 'list-unsubscribe-post', 'list-subscribe', 'list-post',
  'list-owner', 'list-archive', 'require-recipient-valid-since', 'tls-required',
]; // biome-ignore format: one list

interface Signer {
  domain: string;
  selector: string;
  key: KeyObject;
  /** Of the fields that are signed where they are there. */
  names: readonly string[];
  algorithm: 'rsa-sha256' | 'ed25519-sha256';
}

/**
 * @param skipped fields that are not signed, for a server that changes them, in lower case
 * @throws UsageError `ERR_ARGUMENT` for a key that can't sign: the message would go out unsigned
 */
export function dkimSigner(
  keys: DkimKey | readonly DkimKey[],
  skipped: readonly string[] = [],
): DkimSigner {
  if (skipped.includes('from')) throw wrong('dkim', 'leaves out From', 'RFC 6376 §5.4 demands it.');
  const list = Array.isArray(keys) ? (keys as readonly DkimKey[]) : [keys as DkimKey];
  if (list.length === 0) throw wrong('dkim', 'is an empty list', 'Leave it out, or name a key.');
  const signers = list.map((one, i) =>
    checkedKey(one, Array.isArray(keys) ? `dkim[${i}]` : 'dkim', skipped),
  );
  return {
    stream: (message) => signed(message, signers),
    whole: (message) => signedWhole(message, signers),
  };
}

function checkedKey(given: DkimKey, argument: string, skipped: readonly string[]): Signer {
  checkKeys(given, ['domain', 'selector', 'privateKey'], argument, {
    domainName: 'Use `domain`.',
    keySelector: 'Use `selector`.',
    headerFieldNames:
      'What is signed is fixed: RFC 6376 §5.4, and each field that must not be doubled twice.',
    skipFields: 'What is signed is fixed: RFC 6376 §5.4.',
    keys: 'Give a list of keys as `dkim`.',
    hashAlgo: 'It is SHA-256: RFC 8301.',
    key: 'Use `privateKey`.',
    l: 'Never: what follows the signed part could be anything (RFC 6376 §8.2).',
    cacheTreshold: 'A body over 1 MiB is kept in a file of the system’s temporary directory.',
    cacheDir: 'A body over 1 MiB is kept in a file of the system’s temporary directory.',
  });
  const key = privateKey(given.privateKey, `${argument}.privateKey`);
  return {
    domain: signingDomain(given.domain, `${argument}.domain`),
    selector: selector(given.selector, `${argument}.selector`),
    key,
    names: [...oversigned, ...signedToo].filter((name) => !skipped.includes(name)),
    algorithm: key.asymmetricKeyType === 'rsa' ? 'rsa-sha256' : 'ed25519-sha256',
  };
}

function signingDomain(value: unknown, argument: string): string {
  checkLine(value, argument);
  try {
    const { kind, name } = parseServerHostname(value as string);
    if (kind === 'dns') return name;
  } catch {}
  throw wrong(argument, 'is no domain name', 'Such as example.org.');
}

// selector = sub-domain *( "." sub-domain )
function selector(value: unknown, argument: string): string {
  checkLine(value, argument);
  if (
    /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*$/i.test(
      value as string,
    )
  )
    return value as string;
  throw wrong(argument, 'is no selector', 'Such as mail2026: letters, digits and hyphens.');
}

function privateKey(value: unknown, argument: string): KeyObject {
  const key = value instanceof KeyObject ? value : parsedKey(value, argument);
  if (key.type !== 'private') throw wrong(argument, `is a ${key.type} key`, 'A private one signs.');
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits < 1024)
    throw wrong(argument, `has ${bits} bits`, 'RFC 8301 demands 1024, and recommends 2048.');
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ed25519')
    throw wrong(
      argument,
      `is of type ${key.asymmetricKeyType}`,
      'DKIM knows RSA and Ed25519. For a key in hardware sign by a function: `sign`.',
    );
  return key;
}

function parsedKey(value: unknown, argument: string): KeyObject {
  try {
    if (typeof value === 'string') return createPrivateKey(value);
    if (value instanceof Uint8Array) {
      const octets = Buffer.from(value);
      return octets.toString('latin1').includes('-----BEGIN')
        ? createPrivateKey(octets)
        : createPrivateKey({ key: octets, format: 'der', type: 'pkcs8' });
    }
  } catch {}
  throw wrong(
    argument,
    'is no private key that can be read',
    'Give PEM or DER without a passphrase, or a KeyObject.',
  );
}

// ── signing ────────────────────────────────────────────────────────────────────────────────────────────────────

async function* signed(
  message: AsyncIterable<Uint8Array>,
  signers: readonly Signer[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, separator, body } = await splitHeader(message);
  const fields = headerFieldsOf(header);
  const spool = createSpool();
  try {
    const hash = new RelaxedBodyHash();
    for await (const piece of body) {
      hash.update(piece);
      await spool.write(piece);
    }
    yield signatures(signers, fields, hash.digest());
    yield header;
    yield separator;
    yield* spool.read();
  } finally {
    await spool.close();
  }
}

function signedWhole(message: Buffer, signers: readonly Signer[]): Buffer {
  const end = message.indexOf('\r\n\r\n');
  const fields = headerFieldsOf(end < 0 ? message : message.subarray(0, end + 2));
  const hash = new RelaxedBodyHash();
  if (end >= 0) hash.update(message.subarray(end + 4));
  return Buffer.concat([signatures(signers, fields, hash.digest()), message]);
}

/** Each is over the same fields: none covers another. */
const signatures = (
  signers: readonly Signer[],
  fields: readonly Field[],
  bodyHash: string,
): Buffer =>
  Buffer.from(signers.map((signer) => signature(signer, fields, bodyHash)).join(''), 'latin1');

interface Field {
  name: string;
  /** In the relaxed form, without CRLF. */
  relaxed: string;
}

function headerFieldsOf(header: Buffer): Field[] {
  const text = header.toString('latin1').replace(/\r\n(?=[ \t])/g, '');
  const fields = text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim().toLowerCase();
      return { name, relaxed: `${name}:${relaxedLine(line.slice(colon + 1)).trim()}` };
    });
  if (!fields.some(({ name }) => name === 'from'))
    throw wrong('message', 'has no From, which DKIM must sign', 'RFC 6376 §5.4.');
  return fields;
}

const relaxedLine = (line: string): string => line.replace(/[ \t]+/g, ' ');

function signature(
  { domain, selector, key, names: signedNames, algorithm }: Signer,
  fields: readonly Field[],
  bodyHash: string,
): string {
  const there = (name: string): Field[] => fields.filter((field) => field.name === name).reverse();
  const names: string[] = [];
  const lines: string[] = [];
  for (const name of signedNames) {
    const found = there(name); // from the bottom up: RFC 6376 §5.4.2
    for (const { relaxed } of found) lines.push(relaxed);
    for (let i = 0; i < found.length; i++) names.push(name);
    if (oversigned.includes(name)) names.push(name);
  }
  const tags = [
    'v=1;',
    `a=${algorithm};`,
    'c=relaxed/relaxed;',
    `d=${domain};`,
    `s=${selector};`,
    `t=${Math.floor(Date.now() / 1000)};`,
    ...names.map((name, i) => `${i === 0 ? 'h=' : ''}${name}${i < names.length - 1 ? ':' : ';'}`),
    `bh=${bodyHash};`,
    'b=',
  ];
  const unsigned = foldedTags(tags);
  const own = `dkim-signature:${relaxedLine(unsigned.replace(/\r\n/g, '')).trim()}`;
  const octets = Buffer.from([...lines, own].join('\r\n'), 'latin1');
  // RFC 8463 §3: Ed25519 signs the SHA-256 hash.
  const value =
    algorithm === 'rsa-sha256'
      ? sign('sha256', octets, key)
      : sign(null, createHash('sha256').update(octets).digest(), key);
  const digits = value.toString('base64').replace(/.{1,72}/g, '\r\n $&');
  return `DKIM-Signature:${unsigned}${digits}\r\n`;
}

/** Blanks and folds may stand between tags, and around the colons of `h=`. */
function foldedTags(tags: readonly string[]): string {
  let text = '';
  let length = 'DKIM-Signature:'.length;
  for (const tag of tags) {
    const list = text.endsWith(':');
    const fold = length + 1 + tag.length > 76;
    text += fold ? `\r\n ${tag}` : `${list ? '' : ' '}${tag}`;
    length = (fold ? 0 : length) + 1 + tag.length;
  }
  return text;
}

// ── the body's hash ────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The relaxed form, RFC 6376 §3.4.4: blanks within a line become one space, those at its end go, and so do empty lines at the
 * end. Its lines end in CRLF, also the last one.
 */
export class RelaxedBodyHash {
  #hash: Hash = createHash('sha256');
  #empty = true;
  /** Line ends that can't be judged before more comes: how many, for a run of them may be as long as the body. */
  #lineEnds = 0;
  /** What stands behind them: blanks, as one, and perhaps a CR. */
  #rest = '';

  update(piece: Uint8Array): void {
    const octets = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const text = this.#rest + octets.toString('latin1');
    const end = endOfContent(text);
    if (end > 0) this.#take(text.slice(0, end));
    this.#hold(text.slice(end));
  }

  digest(): string {
    if (!this.#empty) this.#hash.update('\r\n');
    return this.#hash.digest('base64');
  }

  #take(content: string): void {
    for (; this.#lineEnds > 0; this.#lineEnds -= Math.min(this.#lineEnds, manyLineEnds.length / 2))
      this.#hash.update(manyLineEnds.slice(0, this.#lineEnds * 2), 'latin1');
    // Base64 has no blanks: most of what is big goes through untouched.
    const relaxed = /[ \t]/.test(content)
      ? content.replace(/[ \t]+/g, ' ').replaceAll(' \r\n', '\r\n')
      : content;
    this.#hash.update(relaxed, 'latin1');
    this.#empty = false;
  }

  /** @param text blanks and line ends, such as can be told apart by counting where each CR has its LF */
  #hold(text: string): void {
    const lines = text.split('\r\n');
    const rest = lines.pop() as string;
    if (lines.some((line) => /[\r\n]/.test(line))) {
      this.#rest = text;
      return;
    }
    this.#lineEnds += lines.length;
    this.#rest = rest.replace(/[ \t]+/g, ' ');
  }
}

const manyLineEnds = '\r\n'.repeat(4_096);

/** Where the blanks and line ends at the end begin. */
function endOfContent(text: string): number {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text[end - 1] as string)) end--;
  return end;
}
