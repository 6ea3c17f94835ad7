/** CRLF of the wire to the LF of Unix mail stores; a CR or LF that stands alone stays. */
import { Transform, type TransformCallback } from 'node:stream';

export class UnixLines extends Transform {
  #heldCr = false;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const text = `${this.#heldCr ? '\r' : ''}${chunk.toString('latin1')}`;
    this.#heldCr = text.endsWith('\r');
    const whole = this.#heldCr ? text.slice(0, -1) : text;
    done(null, Buffer.from(whole.replaceAll('\r\n', '\n'), 'latin1'));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#heldCr ? Buffer.from('\r') : undefined);
  }
}

/** The same for a message that is held whole. */
export const unixLines = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');

/** A whole message of a file, with the line ends of the wire. */
export const wireLines = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n'), 'latin1');

/** LF of a file to the CRLF of the wire; what has CRLF already stays. */
export class WireLines extends Transform {
  #last = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const first = chunk[0] === 10 && this.#last === 13 ? 1 : 0;
    this.#last = chunk.at(-1) ?? this.#last;
    const rest = chunk.toString('latin1', first).replace(/(?<!\r)\n/g, '\r\n');
    done(null, Buffer.from(`${first === 1 ? '\n' : ''}${rest}`, 'latin1'));
  }
}

/** mboxrd: a line `From `, also behind `>`s, gets one `>` more, so that it begins no message and can be restored. */
export class QuoteFrom extends Transform {
  /** The beginning of a line that may yet become `From `. */
  #start = '';
  #atLineStart = true;
  #last = '';

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const text = `${this.#atLineStart ? '\n' : ''}${this.#start}${chunk.toString('latin1')}`;
    const open = /\n>*(?:F(?:r(?:om?)?)?)?$/.exec(text);
    const end = open === null ? text.length : open.index + 1;
    const marker = this.#atLineStart ? 1 : 0;
    this.#start = text.slice(end);
    this.#atLineStart = open !== null;
    const quoted = text
      .slice(0, end)
      .replace(/\n(>*From )/g, '\n>$1')
      .slice(marker);
    if (quoted !== '') this.#last = quoted.at(-1) as string;
    done(null, Buffer.from(quoted, 'latin1'));
  }

  override _flush(done: TransformCallback): void {
    // A record ends in a line end of its own and an empty line.
    const ended = this.#start === '' && (this.#last === '\n' || this.#last === '');
    done(null, Buffer.from(`${this.#start}${ended ? '' : '\n'}\n`, 'latin1'));
  }
}
