/** A server in memory, at the other end of a client's `dial`: it says what a speaker says, unless a test says otherwise. */
import { type Duplex, duplexPair } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';

/** How a protocol answers when all is well. */
export interface Speaker {
  greeting: string;
  /** What goes back for one line, without its CRLF; `undefined`: nothing. */
  answer(line: string): string | undefined;
  /** The line's verb, in upper case. */
  verb(line: string): string;
  /** The verb that asks for TLS; it is answered with the go-ahead. */
  startTls: string;
}

/** What the server secures its connections by: at once, or when it is asked. */
export interface PeerTls {
  mode: 'implicit-tls' | 'starttls';
  secureContext: SecureContext;
}

/** In place of an answer: nothing, the end of the connection, or these octets. */
export type Deviation = 'silence' | 'cut' | { says: string };

export interface PeerConnection {
  /** The lines that came, without CRLF. */
  readonly heard: readonly string[];
  say(octets: string): void;
  cut(): void;
  readonly isOpen: boolean;
}

export interface Peer {
  readonly dial: (target: { host: string; port: number }) => Promise<Duplex>;
  /** Whom `dial` was asked for. */
  readonly targets: { host: string; port: number }[];
  readonly connections: readonly PeerConnection[];
  readonly latest: PeerConnection;
  /** The verbs of all lines of the latest connection. */
  verbs(): string[];
  /** From now on this verb (`'*'`: each; or `'greeting'`) is answered so; `undefined`: as the speaker does. */
  on(verb: string, deviation: Deviation | undefined): void;
  /** Asked before each dial: an error refuses it, a text is the greeting of a connection that then ends. */
  admit: (open: number) => Error | string | undefined;
  /** Resolves when the latest connection has heard this verb. */
  hears(verb: string): Promise<void>;
  /** Connections that are open. */
  readonly open: number;
}

export function createPeer(speaker: Speaker, tls?: PeerTls): Peer {
  const connections: (PeerConnection & { heard: string[] })[] = [];
  const deviations = new Map<string, Deviation>();
  const targets: Peer['targets'] = [];
  let listeners: (() => void)[] = [];

  const accept = (plain: Duplex, farewell: string | undefined): void => {
    let stream = plain;
    let open = true;
    let rest = '';
    const heard: string[] = [];
    /** TLS from now on. Its octets go out in a turn of their own, as they do on a wire: Node's client is not ready for them within its write. */
    const secure = (): void => {
      const [inside, outside] = duplexPair();
      plain.off('data', read).on('data', (octets) => outside.write(octets));
      plain.on('end', () => outside.end());
      outside.on('data', (octets) => setImmediate(() => plain.write(octets)));
      outside.on('end', () => setImmediate(() => plain.end()));
      stream = new TLSSocket(inside as never, {
        isServer: true,
        secureContext: tls?.secureContext as SecureContext,
      });
      listen();
    };
    const end = (): void => {
      open = false;
      stream.end();
    };
    const react = (key: string, usual: string | undefined): void => {
      const deviation =
        deviations.get(key) ?? (key === 'greeting' ? undefined : deviations.get('*'));
      if (deviation === 'cut') end();
      else if (deviation === 'silence') return;
      else {
        const octets = deviation === undefined ? usual : deviation.says;
        if (octets !== undefined) stream.write(octets, 'latin1');
      }
    };
    connections.push({
      heard,
      say: (octets) => void stream.write(octets, 'latin1'),
      cut: end,
      get isOpen() {
        return open;
      },
    });
    const listen = (): void => {
      stream.on('error', () => {});
      stream.on('close', () => {
        open = false;
      });
      stream.on('end', end);
      stream.on('data', read);
    };
    const read = (chunk: Buffer): void => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        heard.push(line);
        react(speaker.verb(line), speaker.answer(line));
        if (tls?.mode === 'starttls' && speaker.verb(line) === speaker.startTls) secure();
      }
      for (const listener of listeners) listener();
    };
    if (tls?.mode === 'implicit-tls') secure();
    else listen();
    if (farewell !== undefined) {
      stream.write(farewell, 'latin1');
      end();
      return;
    }
    react('greeting', speaker.greeting);
  };

  const peer: Peer = {
    connections,
    targets,
    get latest() {
      return connections.at(-1) as PeerConnection;
    },
    get open() {
      return connections.filter(({ isOpen }) => isOpen).length;
    },
    verbs: () => (connections.at(-1)?.heard ?? []).map((line) => speaker.verb(line)),
    on(verb, deviation) {
      if (deviation === undefined) deviations.delete(verb);
      else deviations.set(verb, deviation);
    },
    admit: () => undefined,
    hears: (verb) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!peer.verbs().includes(verb)) return;
          listeners = listeners.filter((listener) => listener !== look);
          resolve();
        };
        listeners.push(look);
        look();
      }),
    async dial(target) {
      targets.push(target);
      await new Promise((resolve) => setImmediate(resolve));
      const verdict = peer.admit(peer.open);
      if (verdict instanceof Error) throw verdict;
      const [ours, theirs] = duplexPair();
      ours.once('close', () => theirs.destroy());
      accept(theirs, verdict);
      return ours;
    },
  };
  return peer;
}
