/**
 * Whether the peer ended TLS or the wire was cut. RFC 8446 §6.1, RFC 5246 §7.2.1.
 *
 * Node ends a TLS stream alike for a close_notify and for a bare TCP FIN. But TLS works through the octets it gets at
 * once, and so, at the moment when the end of the stream beneath reaches it, it has ended before if and only if it
 * saw a close_notify. To have that moment, the stream beneath must be one of JavaScript's: a socket gets a thin
 * Duplex over it, which costs some CPU; another Duplex is watched as it is.
 */

import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Watches one TLS stream over one stream beneath. */
export interface CloseNotifyWatch {
  /** What TLS is to run over. */
  readonly beneath: Duplex;
  /** To be called with the TLS stream as soon as it exists. */
  watch(tls: Duplex): void;
  /** After the TLS stream's `'end'`: whether close_notify came. */
  closedCleanly(): boolean | undefined;
}

export function watchCloseNotify(stream: Duplex): CloseNotifyWatch {
  const { allowHalfOpen } = stream;
  const beneath = stream instanceof Socket ? new SocketTap(stream) : stream;
  // TLS alone answers an end: it has a close_notify to send, for which the way must still be open.
  stream.allowHalfOpen = true;
  let clean: boolean | undefined;
  let ended = false;
  return {
    beneath,
    watch(tls) {
      tls.allowHalfOpen = allowHalfOpen;
      // Before the listener by which Node passes the end on to TLS.
      beneath.prependOnceListener('end', () => {
        clean ??= sawEnd(tls);
      });
      tls.prependOnceListener('end', () => {
        ended = true;
        clean ??= true; // TLS ended and nothing beneath did
      });
    },
    closedCleanly: () => (ended ? clean : undefined),
  };
}

/**
 * Whether the end was put into a stream, though it may not have been read yet. Node has no public word for it;
 * where this field should ever be gone, every end counts as a cut, which is the safe side.
 */
function sawEnd(stream: Duplex): boolean {
  const { _readableState: state } = stream as Duplex & { _readableState?: { ended?: boolean } };
  return state?.ended === true;
}

/** A socket's octets, both ways, with its pace; no more. Its errors go straight to the TLS stream. */
class SocketTap extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
