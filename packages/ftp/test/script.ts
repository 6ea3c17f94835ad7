/** Dialogues with an FTP server in memory, second connections included: the language is test-servers' own. */
import type { Duplex } from 'node:stream';
import { type Delivery, playInMemory } from '@fivewire/test-servers';
import { FtpClient, type FtpConnectOptions } from '../src/index.js';

export type Cut = 'whole' | 'octets' | number;

export interface Played {
  options: FtpConnectOptions;
  /** Resolves when the script is over; rejects where the client said something else. */
  over: Promise<unknown>;
  /** Everything that the client said on the control connection. */
  said: readonly string[];
  /** Every stream that was opened, as the client holds it. */
  streams: readonly Duplex[];
  /** Goes on behind a `PAUSE`. */
  resume(): void;
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
  const delivery: Delivery = typeof cut === 'number' ? { seed: cut } : cut;
  const { stream, open, over, said, streams, resume } = playInMemory(inWords(script), {
    delivery,
    encoding: 'latin1',
  });
  return {
    over,
    said,
    streams,
    resume,
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
      dial: async ({ purpose }) => (purpose === 'control' ? stream : open()),
    },
  };
}

/** Connects, works, says nothing of goodbyes. Checks that the script came to its end. */
export async function against<T>(
  script: string,
  work: (ftp: FtpClient) => Promise<T>,
  { cut = 'whole', ...options }: Partial<FtpConnectOptions> & { cut?: Cut } = {},
): Promise<{ result: T; said: readonly string[] }> {
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

/** Older words for the same. */
const words: Record<string, string> = {
  data: 'DATA',
  'D.': 'D-end',
  'D!': 'D-reset',
  close: 'CLOSE',
  reset: 'RESET',
  stall: 'STALL',
};

const inWords = (script: string): string =>
  script
    .split('\n')
    .map((line) => words[line] ?? line.replace(/^D- /, 'D-raw: '))
    .join('\n');
