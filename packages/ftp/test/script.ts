/**
 * An FTP server that plays a dialogue. One step a line:
 *
 *     S: 220 ready            the server says it, CRLF is added
 *     C: USER alice           the client must say it
 *     data                    the client must have opened a data connection; the lines below are about the newest
 *     D: line  /  D- line     the server sends it there, with CRLF or without
 *     D. / D!                 it ends that connection, by FIN or by a reset
 *     U: text                 the client must have sent this there, and ended it
 *     close / reset / stall   the server closes or resets the control connection, or says no more
 */
import { Duplex } from 'node:stream';
import { FtpClient, type FtpConnectOptions } from '../src/index.js';

export type Cut = 'whole' | 'octets' | number;

export interface Played {
  options: FtpConnectOptions;
  /** Resolves when the script is over; rejects where the client said something else. */
  over: Promise<void>;
  /** Everything that the client said on the control connection. */
  said: string[];
  /** Every stream that was opened, as the client holds it. */
  streams: Duplex[];
}

export const login = `
S: 220 ready
C: USER alice
S: 331 password
C: PASS secret
S: 230 welcome
C: FEAT
C: SYST
C: TYPE I
S: 211-Features:
S:  EPSV
S:  MDTM
S:  SIZE
S:  REST STREAM
S: 211 End
S: 215 UNIX Type: L8
S: 200 binary
`;

export const loginWithMlst: string = login.replace(
  'S:  EPSV',
  'S:  MLST type*;size*;modify*;UNIX.mode*;\nS:  MFMT\nS:  HASH SHA-1;SHA-256*\nS:  EPSV',
);

export function play(script: string, cut: Cut = 'whole'): Played {
  const control = pair();
  const arrivals: ServerSide[] = [];
  let arrive: (() => void) | undefined;
  const streams: Duplex[] = [control.client];
  const said: string[] = [];
  const over = run(script, control.server, cut, said, async (index) => {
    while (arrivals[index] === undefined) {
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
    }
    return arrivals[index];
  });
  over.catch(() => control.server.end());
  return {
    over,
    said,
    streams,
    options: {
      host: 'ftp.example.test',
      security: 'cleartext',
      allowCleartextAuth: true,
      auth: { user: 'alice', password: 'secret' },
      timeouts: {
        reply: 1000,
        stall: 1000,
        finalReply: 1000,
        greeting: 1000,
        connect: 1000,
        close: 100,
      },
      dial: async ({ purpose }) => {
        if (purpose === 'control') return control.client;
        const data = pair();
        arrivals.push(data.server);
        streams.push(data.client);
        arrive?.();
        return data.client;
      },
    },
  };
}

/** Connects, works, says nothing of goodbyes. Checks that the script came to its end. */
export async function against<T>(
  script: string,
  work: (ftp: FtpClient) => Promise<T>,
  { cut = 'whole', ...options }: Partial<FtpConnectOptions> & { cut?: Cut } = {},
): Promise<{ result: T; said: string[] }> {
  const played = play(script, cut);
  const ftp = await FtpClient.connect({ ...played.options, ...options });
  try {
    const result = await work(ftp);
    await played.over;
    return { result, said: played.said };
  } catch (error) {
    await Promise.race([played.over, new Promise((resolve) => setTimeout(resolve, 50))]); // a script that was left says more
    throw error;
  } finally {
    ftp.close();
  }
}

/** The same thing whole, octet by octet, and cut at random. */
export async function inAllCuts<T>(
  script: string,
  work: (ftp: FtpClient) => Promise<T>,
  options: Partial<FtpConnectOptions> = {},
): Promise<T[]> {
  const results: T[] = [];
  for (const cut of ['whole', 'octets', 1, 2, 3] as const) {
    results.push((await against(script, work, { ...options, cut })).result);
  }
  return results;
}

async function run(
  script: string,
  control: ServerSide,
  cut: Cut,
  said: string[],
  dataAt: (index: number) => Promise<ServerSide | undefined>,
): Promise<void> {
  let opened = 0;
  let data: ServerSide | undefined;
  let held = '';
  const flush = async () => {
    const text = held;
    held = '';
    for (const piece of pieces(text, cut)) await control.write(piece);
  };
  for (const step of script.split('\n').filter((line) => line.trim() !== '')) {
    const text = step.slice(3);
    if (step.startsWith('S: ')) {
      held += `${text}\r\n`;
      continue;
    }
    await flush();
    if (step.startsWith('C: ')) {
      const line = await control.line();
      said.push(line);
      if (line !== text)
        throw new Error(`The client said ${JSON.stringify(line)}, not ${JSON.stringify(text)}.`);
    } else if (step === 'data') data = await dataAt(opened++);
    else if (step.startsWith('D: ')) {
      for (const piece of pieces(`${text}\r\n`, cut)) await data?.write(piece);
    } else if (step.startsWith('D- ')) await data?.write(text);
    else if (step === 'D.') data?.end();
    else if (step === 'D!') data?.reset();
    else if (step.startsWith('U:')) {
      const sent = await data?.rest();
      if (sent !== step.slice(2).trimStart())
        throw new Error(`The client sent ${JSON.stringify(sent)}.`);
    } else if (step === 'close') control.end();
    else if (step === 'reset') control.reset();
    else if (step === 'stall') return;
    else throw new Error(`No such step: ${step}`);
  }
  await flush();
}

function* pieces(text: string, cut: Cut): Generator<string> {
  if (cut === 'whole') {
    if (text !== '') yield text;
    return;
  }
  let seed = cut === 'octets' ? 0 : cut * 7919;
  for (let at = 0; at < text.length; ) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const size = cut === 'octets' ? 1 : 1 + (seed % 17);
    yield text.slice(at, at + size);
    at += size;
  }
}

/** The server's end of a stream in memory. */
class ServerSide {
  #received = '';
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #client: () => Duplex;

  constructor(client: () => Duplex) {
    this.#client = client;
  }

  take(octets: string): void {
    this.#received += octets;
    this.#wake?.();
  }

  takeEnd(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Each write is a chunk of its own at the other end. */
  async write(octets: string): Promise<void> {
    this.#client().push(Buffer.from(octets, 'latin1'));
    await new Promise((resolve) => setImmediate(resolve));
  }

  end(): void {
    if (!this.#client().destroyed) this.#client().push(null);
  }

  reset(): void {
    this.#client().destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#received.slice(0, end);
        this.#received = this.#received.slice(end + 2);
        return line;
      }
      if (this.#ended) throw new Error('The client has left.');
      await this.#more();
    }
  }

  async rest(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#received;
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function pair(): { client: Duplex; server: ServerSide } {
  const server = new ServerSide(() => client);
  const client = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      server.take(chunk.toString('latin1'));
      done();
    },
    final(done) {
      server.takeEnd();
      done();
    },
    destroy(error, done) {
      server.takeEnd();
      done(error);
    },
  });
  return { client, server };
}
