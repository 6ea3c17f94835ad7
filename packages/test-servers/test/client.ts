/** The plainest client there is: it sends text, and reads lines, over a socket of any kind. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

export class Client {
  socket: Socket;
  /** All that arrived, one entry a 'data' event. */
  readonly chunks: Buffer[] = [];
  /** How the connection ended. */
  readonly ended: Promise<'end' | 'reset'>;
  #text = '';
  #wake: (() => void) | undefined;
  #over = false;
  #settle: (how: 'end' | 'reset') => void = () => {};

  constructor(socket: Socket) {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.socket = socket;
    this.#listen(socket);
  }

  static async dial(port: number, host = '127.0.0.1'): Promise<Client> {
    const socket = connect(port, host);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Client(socket);
  }

  static async dialTls(port: number, options: ConnectionOptions): Promise<Client> {
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ...options });
    await new Promise((resolve, reject) =>
      socket.once('secureConnect', resolve).once('error', reject),
    );
    return new Client(socket);
  }

  /** Puts TLS over the connection: the client's side of STARTTLS. */
  async startTls(options: ConnectionOptions): Promise<void> {
    this.socket.removeAllListeners('data').removeAllListeners('end');
    const socket = connectTls({ socket: this.socket, servername: 'localhost', ...options });
    await new Promise((resolve, reject) =>
      socket.once('secureConnect', resolve).once('error', reject),
    );
    this.socket = socket;
    this.#listen(socket);
  }

  get tls(): TLSSocket {
    return this.socket as TLSSocket;
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Sends a line and reads one. */
  async ask(line: string): Promise<string> {
    this.send(`${line}\r\n`);
    return this.line();
  }

  /** The next line without CRLF; rejects when there will be none. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#over) throw new Error(`The connection ended after ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Lines up to and with the one that the pattern matches. */
  async until(pattern: RegExp): Promise<string[]> {
    const lines: string[] = [];
    do lines.push(await this.line());
    while (!pattern.test(lines.at(-1) as string));
    return lines;
  }

  close(): void {
    this.socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.#text += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('end', () => this.#finish('end'));
    socket.on('error', () => this.#finish('reset'));
    socket.on('close', () => this.#finish('end'));
  }

  #finish(how: 'end' | 'reset'): void {
    this.#over = true;
    this.#settle(how);
    this.#wake?.();
  }
}
