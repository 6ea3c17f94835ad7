/** What a route answers with. */

export interface Reply {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body: string | Buffer;
}

/** An answer that is a refusal. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});

export const plainText = (octets: Buffer | string): Reply => ({
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: octets,
});

/** Octets to save: never shown, whatever they are. */
export const download = (octets: Buffer | string, name: string, type: string): Reply => ({
  headers: {
    'Content-Type': /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'application/octet-stream',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, escapeOctet)}`,
    'Content-Security-Policy': "sandbox; default-src 'none'",
  },
  body: octets,
});

const escapeOctet = (letter: string): string =>
  `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
