/** As much of an HTTP/1.1 response as a small file needs: RFC 9112 §4, §5, §6, §7.1. Bounded, no I/O. */
import { escapeText, RemoteProtocolError } from '@fivewire/line-protocol';

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

/** How much a server may make us hold, in octets. */
export interface HttpLimits {
  head: number;
  body: number;
}

type Framing = { kind: 'length'; octets: number } | { kind: 'chunked' } | { kind: 'close' };

/** Takes octets as they come, says when that is all. */
export class HttpResponseReader {
  readonly #octets: Buffer;
  readonly #limits: HttpLimits;
  /** Octets that have come, and how many of them have been read. */
  #length = 0;
  #at = 0;
  #head: { status: number; headers: Map<string, string>; framing: Framing } | undefined;
  /** The content of the chunks so far is moved to the front of the body. */
  #bodyStart = 0;
  #bodyEnd = 0;
  #complete = false;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
    // Chunk headers come on top; ten octets for each octet would be a joke.
    this.#octets = Buffer.alloc(limits.head + 2 * limits.body);
  }

  /** No more octets are needed, or may come. */
  get complete(): boolean {
    return this.#complete;
  }

  /** @throws RemoteProtocolError */
  push(chunk: Uint8Array): void {
    if (this.#complete) throw malformed('the end of the response', chunk);
    const room = this.#octets.length - this.#length;
    if (chunk.length > room) throw exceeded('body', this.#limits.body);
    this.#octets.set(chunk, this.#length);
    this.#length += chunk.length;
    if (this.#head === undefined && !this.#readHead()) return;
    this.#readBody();
  }

  /**
   * The response, when the peer has ended.
   *
   * @param closedCleanly whether it said so (close_notify): a body that ends with the connection could be cut else.
   * @throws RemoteProtocolError where that was too early
   */
  finish(closedCleanly: boolean): HttpResponse {
    const head = this.#head;
    const ended = this.#complete || (head?.framing.kind === 'close' && closedCleanly);
    if (head === undefined || !ended) throw malformed('the rest of the response', new Uint8Array());
    const body = this.#octets.subarray(this.#bodyStart, this.#bodyEnd);
    return { status: head.status, headers: head.headers, body };
  }

  #readHead(): boolean {
    const from = Math.max(0, this.#at - 3);
    const end = this.#octets.subarray(0, this.#length).indexOf('\r\n\r\n', from);
    this.#at = this.#length;
    if (Math.max(end, end < 0 ? this.#length : 0) > this.#limits.head)
      throw exceeded('head', this.#limits.head);
    if (end < 0) return false;
    this.#head = parseHead(this.#octets.toString('latin1', 0, end));
    this.#at = this.#bodyStart = this.#bodyEnd = end + 4;
    return true;
  }

  #readBody(): void {
    const { kind, octets } = { octets: 0, ...(this.#head?.framing as Framing) };
    if (kind === 'chunked') {
      this.#readChunks();
      return;
    }
    this.#bodyEnd = this.#length;
    this.#checkBody(kind === 'length' ? octets : 0);
    if (kind !== 'length' || this.#length - this.#bodyStart < octets) return;
    if (this.#length - this.#bodyStart > octets)
      throw malformed(
        'the end of the response',
        this.#octets.subarray(this.#bodyStart + octets, this.#length),
      );
    this.#complete = true;
  }

  // chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF; last-chunk = 1*("0") …; trailers are skipped
  #readChunks(): void {
    for (;;) {
      const coming = this.#octets.subarray(this.#at, this.#length);
      const lineEnd = coming.indexOf('\r\n');
      if (lineEnd < 0 && coming.length > 100) throw malformed('the size of a chunk', coming);
      if (lineEnd < 0) return;
      const [, hex] =
        /^([0-9a-f]{1,7})[ \t]*(?:;.*)?$/i.exec(coming.toString('latin1', 0, lineEnd)) ?? [];
      if (hex === undefined) throw malformed('the size of a chunk', coming.subarray(0, lineEnd));
      const size = Number.parseInt(hex, 16);
      if (size === 0) {
        this.#readTrailer(coming.subarray(lineEnd));
        return;
      }
      this.#checkBody(this.#bodyEnd - this.#bodyStart + size);
      const data = lineEnd + 2;
      if (coming.length < data + size + 2) return;
      if (coming.toString('latin1', data + size, data + size + 2) !== '\r\n')
        throw malformed('the end of a chunk', coming.subarray(data + size, data + size + 2));
      this.#octets.copyWithin(this.#bodyEnd, this.#at + data, this.#at + data + size);
      this.#bodyEnd += size;
      this.#at += data + size + 2;
    }
  }

  #readTrailer(octets: Buffer): void {
    const end = octets.indexOf('\r\n\r\n');
    if (end < 0 && octets.length > trailerLimit) throw exceeded('trailer', trailerLimit);
    if (end < 0) return;
    if (end + 4 < octets.length)
      throw malformed('the end of the response', octets.subarray(end + 4));
    this.#complete = true;
  }

  #checkBody(promised: number): void {
    const octets = Math.max(promised, this.#bodyEnd - this.#bodyStart);
    if (octets > this.#limits.body) throw exceeded('body', this.#limits.body);
  }
}

const trailerLimit = 4_096;
const statusLine = /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([^\r\n\0]*?)[ \t]*$/;

function parseHead(text: string): {
  status: number;
  headers: Map<string, string>;
  framing: Framing;
} {
  const [first = '', ...lines] = text.split('\r\n');
  const status = Number(statusLine.exec(first)?.[1] ?? 0);
  if (status < 200) throw malformed('HTTP/1.1 and a final status', Buffer.from(first, 'latin1'));
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw malformed('a header', Buffer.from(line, 'latin1'));
    const key = name.toLowerCase();
    // Two lengths, or a length and chunks, are how responses are smuggled (RFC 9112 §6.3).
    if (headers.has(key) && framingHeaders.has(key))
      throw malformed(`one ${key}`, Buffer.from(line, 'latin1'));
    headers.set(key, value);
  }
  return { status, headers, framing: framingOf(headers) };
}

const framingHeaders = new Set(['content-length', 'transfer-encoding', 'content-type']);

function framingOf(headers: ReadonlyMap<string, string>): Framing {
  const coding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  const asText = (value: string | undefined) => Buffer.from(value ?? '', 'latin1');
  if (coding !== undefined) {
    if (length !== undefined) throw malformed('one framing', asText(length));
    if (coding.toLowerCase() !== 'chunked') throw malformed('chunked', asText(coding));
    return { kind: 'chunked' };
  }
  if (length === undefined) return { kind: 'close' };
  if (!/^\d{1,9}$/.test(length)) throw malformed('a content-length', asText(length));
  return { kind: 'length', octets: Number(length) };
}

function malformed(expected: string, octets: Uint8Array): RemoteProtocolError {
  const got = escapeText(Buffer.from(octets.subarray(0, 200)).toString('latin1'), 80);
  return new RemoteProtocolError(
    'ERR_MALFORMED_RESPONSE',
    `Expected ${expected} over HTTP, got "${got}"`,
    { expected, got, hint: 'The web server is broken, or something on the way is.' },
  );
}

const exceeded = (limit: string, limitValue: number): RemoteProtocolError =>
  new RemoteProtocolError(
    'ERR_LIMIT_EXCEEDED',
    `The web server sent more than ${limitValue} octets of ${limit}`,
    { limit, limitValue, hint: 'What comes is not the small file that was asked for.' },
  );
