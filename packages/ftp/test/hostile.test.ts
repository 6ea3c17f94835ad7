/** A server that stalls, closes, resets, floods or talks nonsense at any point of a session. */
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../tls-context-core/test/manual-clock.js';
import { FtpClient, isFivewireError } from '../src/index.js';
import { against, login, loginWithMlst, play } from './script.js';

const session = `${loginWithMlst}C: EPSV
S: 229 ok (|||6446|)
DATA
C: MLSD /d
S: 150 here
D: type=file;size=10; f
D: type=file;size=10; g
D-end
S: 226 done
C: SIZE /d/f
C: EPSV
S: 213 10
S: 229 ok (|||6446|)
DATA
C: RETR /d/f
S: 150 here
D: 1234
D: 5678
D-end
S: 226 done
C: SIZE /d/f
S: 213 12
C: EPSV
S: 229 ok (|||6446|)
DATA
C: STOR /d/h
S: 150 go
U: hello
S: 226 done
C: SIZE /d/h
S: 213 5
C: QUIT
S: 221 bye
`;

const steps = session.split('\n').filter((line) => line !== '');
const wait = 120;
/** Longer than a test may take: where it runs out, the test fails. */
const patient = 60_000;
const within = (limit: number) => ({
  reply: limit,
  stall: limit,
  finalReply: limit,
  greeting: limit,
  connect: limit,
  close: 50,
});
const timeouts = within(wait);

async function work(ftp: FtpClient): Promise<void> {
  for await (const entry of ftp.list('/d')) expect(entry.size).toBe(10);
  await ftp.download('/d/f', new Writable({ write: (_chunk, _encoding, done) => done() }));
  await ftp.upload('hello', '/d/h');
  await ftp.quit();
}

/** Plays the first steps and then something else; gives what the client made of it. */
async function interrupted(before: string[], instead: string, limit = patient) {
  const played = play(`${before.join('\n')}\n${instead}\n`);
  let ftp: FtpClient | undefined;
  let error: unknown;
  try {
    ftp = await FtpClient.connect({
      ...played.options,
      timeouts: within(limit),
      limits: { lineOctets: 2000, replyOctets: 20_000 },
    });
    await work(ftp);
  } catch (caught) {
    error = caught;
  }
  ftp?.close();
  await played.over.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  return { error, closed: await ftp?.closed, streams: played.streams };
}

const points = steps
  .map((step, index) => ({ step, index }))
  .filter(({ step }) => !step.startsWith('U'));
const controlPoints = points.filter(({ step }) => step.startsWith('S: '));
const firstInside = steps.indexOf('S: 211-Features:') + 1;
const lastInside = steps.indexOf('S: 211 End');
const isGoodbye = (index: number) => index >= steps.length - 2;
/** The upload has had its 226: a server that goes now has taken it. */
const isTaken = (index: number, name: string) =>
  index >= steps.indexOf('C: SIZE /d/h') && ['close', 'reset', '421'].includes(name);

describe('the session without trouble', () => {
  it('comes to its end', async () => {
    const { error, closed } = await interrupted(steps, '');
    expect(error).toBeUndefined();
    expect(closed).toEqual({ reason: 'quit' });
  });
});

describe.each([
  ['stall', 'stall', /^ERR_(TIMEOUT|TRANSFER_INCOMPLETE)$/],
  ['close', 'close', /^ERR_CONNECTION_CLOSED$/],
  ['reset', 'reset', /^ERR_CONNECTION_CLOSED$/],
  ['421', 'S: 421 I leave', /^ERR_(SERVER_CLOSING|MALFORMED_RESPONSE)$/],
  ['nonsense', 'S: \x00\xff what?', /^ERR_MALFORMED_RESPONSE$/],
  ['an endless line', `S: ${'x'.repeat(5000)}`, /^ERR_(LIMIT_EXCEEDED|MALFORMED_RESPONSE)$/],
  ['an endless reply', `S: 211-x\n${'S: y\n'.repeat(9000)}`, /^ERR_LIMIT_EXCEEDED$/],
])('%s', (name, instead, codes) => {
  const where = ['stall', 'close', 'reset'].includes(name) ? points : controlPoints;
  it.concurrent.each(where)('in place of step $index, $step', async ({ index }) => {
    // Inside a reply of several lines anything is text, and what is awaited is its end.
    const inside = index >= firstInside && index <= lastInside;
    const waits = name === 'stall' || (inside && (name === '421' || name === 'nonsense'));
    const before = steps.slice(0, index);
    const { error, streams } = await interrupted(before, instead, waits ? wait : patient);
    // Whatever happens to the goodbye: it was one.
    if (isGoodbye(index) || isTaken(index, name)) expect(error).toBeUndefined();
    else {
      expect(isFivewireError(error)).toBe(true);
      expect((error as { code: string }).code).toMatch(waits && inside ? /^ERR_TIMEOUT$/ : codes);
      expect(error).toMatchObject({ protocol: 'ftp', host: 'ftp.example.test' });
    }
    for (const stream of streams) expect(stream.destroyed).toBe(true);
  });
});

describe('replies out of turn', () => {
  it('nobody asked for are kept as notices', async () => {
    const script = `${login}S: 200-by the way\nS: 200 you are number 7\nC: NOOP\nS: 200 ok\n`;
    await against(script, async (ftp) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect((await ftp.command('NOOP')).text).toBe('ok');
      const seen: string[] = [];
      for await (const notice of ftp.notices) {
        seen.push(`${notice.kind} ${notice.text}`);
        if (seen.length === 2) break;
      }
      expect(seen[0]).toBe('230 welcome');
      expect(seen[1]).toBe('200 by the way\nyou are number 7');
    });
  });

  it('a goodbye between calls settles `closed` and the next call', async () => {
    const played = play(`${login}S: 421 idle too long\n`);
    const ftp = await FtpClient.connect(played.options);
    await expect(ftp.closed).resolves.toMatchObject({
      reason: 'error',
      error: { code: 'ERR_SERVER_CLOSING', serverText: expect.stringContaining('idle too long') },
    });
    await expect(ftp.command('NOOP')).rejects.toMatchObject({ code: 'ERR_SERVER_CLOSING' });
    await ftp.quit();
  });
});

describe('giving up by a signal', () => {
  const sized = 'C: SIZE /f\nC: EPSV\nS: 213 10\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\n';
  const target = (onOctets?: () => void) =>
    new Writable({
      write(_chunk, _encoding, done) {
        onOctets?.();
        done();
      },
    });

  /** @param patience how long the server may take before it is asked */
  async function abortedAt(
    script: string,
    rest: string,
    patience = patient,
  ): Promise<readonly string[]> {
    const stop = new AbortController();
    const played = play(`${login}${script}${rest}C: NOOP\nS: 200 still here\n`);
    const begins = script.includes('D: ') ? 'octets' : script.includes('S: 150') ? '150' : 'RETR';
    const begun = (what: string): void => {
      if (what.startsWith(begins)) setImmediate(() => stop.abort(new Error('enough')));
    };
    const ftp = await FtpClient.connect({
      ...played.options,
      timeouts: { ...within(patient), close: patience },
      log: ({ text }) => begun(text),
    });
    const sink = target(() => begun('octets'));
    await expect(ftp.download('/f', sink, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      connection: 'usable',
      cause: { message: 'enough' },
    });
    expect((await ftp.command('NOOP')).text).toBe('still here');
    ftp.close();
    await played.over;
    return played.said;
  }

  it('needs no ABOR where the server sees the data connection go', async () => {
    const said = await abortedAt(`${sized}S: 150 here\nD: 1234\nU:\n`, 'S: 426 you left\n');
    expect(said).not.toContain('ABOR');
  });

  it('takes a server that was done', async () => {
    await abortedAt(`${sized}S: 150 here\nD: 1234\nU:\n`, 'S: 226 done\n');
  });

  it('takes a refusal that comes meanwhile', async () => {
    await abortedAt(`${sized}U:\n`, 'S: 425 nobody there\n');
  });

  it.each([
    ['426 and 226', 'S: 426 stopped\nS: 226 aborted\nS: 200 noop\n'],
    ['226 and 225', 'S: 226 done\nS: 225 nothing to abort\nS: 200 noop\n'],
    ['226 alone', 'S: 226 aborted\nS: 200 noop\n'],
    ['150, 426 and 226', 'S: 150 here\nS: 426 stopped\nS: 226 aborted\nS: 200 noop\n'],
    ['a server that knows no ABOR', 'S: 502 what\nS: 451 stopped\nS: 200 noop\n'],
  ])('sends ABOR to a server that goes on: %s', async (_name, replies) => {
    await abortedAt(`${sized}S: 150 here\nU:\n`, `C: ABOR\nC: NOOP\n${replies}`, 100);
  });

  it('closes where nothing helps', async () => {
    const stop = new AbortController();
    const played = play(`${login}${sized}S: 150 here\nSTALL\n`);
    const log = ({ text }: { text: string }) => {
      if (text.startsWith('150')) setImmediate(() => stop.abort()); // the transfer has begun, however slow this machine is
    };
    const ftp = await FtpClient.connect({ ...played.options, timeouts, log });
    const download = ftp.download('/f', target(), { signal: stop.signal });
    await expect(download).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(ftp.closed).resolves.toMatchObject({ error: { code: 'ERR_TIMEOUT' } });
  });

  it('before its turn drops the call', async () => {
    const stop = new AbortController();
    const played = play(`${login}C: NOOP\n`);
    const ftp = await FtpClient.connect(played.options);
    const first = ftp.command('NOOP');
    const second = ftp.download('/f', target(), { signal: stop.signal });
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    ftp.close();
    await expect(first).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
    await expect(ftp.list('/d', { signal: stop.signal }).toArray()).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });

  it('while connecting leaves nothing open', async () => {
    const stop = new AbortController();
    const played = play('S: 220 ready\nSTALL\n');
    setTimeout(() => stop.abort(), 20);
    await expect(
      FtpClient.connect({ ...played.options, signal: stop.signal }),
    ).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'closed' });
    expect(played.streams.every((stream) => stream.destroyed)).toBe(true);
  });
});

describe('closing', () => {
  it('rejects what is under way', async () => {
    const played = play(`${login}C: NOOP\nSTALL\n`);
    const ftp = await FtpClient.connect(played.options);
    const call = ftp.command('NOOP');
    ftp.close();
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' });
    await expect(ftp.closed).resolves.toMatchObject({ reason: 'close' });
  });

  it('disposing is bounded and never throws', async () => {
    const played = play(`${login}C: QUIT\nSTALL\n`);
    const ftp = await FtpClient.connect({ ...played.options, timeouts });
    await ftp[Symbol.asyncDispose]();
    await ftp[Symbol.asyncDispose]();
    expect(played.streams.every((stream) => stream.destroyed)).toBe(true);
  });
});

describe('a slow caller', () => {
  it('is no stall: nobody is timed out while the server waits for us', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `D: type=file;size=1; f${i}`).join('\n');
    const script = `${loginWithMlst}C: EPSV\nS: 229 ok (|||6446|)\nDATA\nC: MLSD /d\nS: 150 here\n${rows}\nD-end\nS: 226 done\n`;
    await against(
      script,
      async (ftp) => {
        let seen = 0;
        for await (const _ of ftp.list('/d')) {
          seen += 1;
          if (seen === 1) await new Promise((resolve) => setTimeout(resolve, wait * 3));
        }
        expect(seen).toBe(3000);
      },
      { timeouts },
    );
  });

  it('calls behind a stream wait while it is read, however slowly, and are refused once it is not', async () => {
    const clock = manualClock();
    const octets = 'x'.repeat(1 << 20);
    const script = `${login}C: SIZE /f\nC: EPSV\nS: 213 ${octets.length * 2}\nS: 229 ok (|||6446|)\nDATA\nC: RETR /f\nS: 150 here\nD-raw: ${octets}\nD-raw: ${octets}\nSTALL\n`;
    const played = play(script);
    const ftp = await FtpClient.connect({ ...played.options, limits: { aheadOctets: 100_000 } });
    const stream = ftp.createReadStream('/f');
    const full = async () => {
      while (stream.readableLength < 200_000) await new Promise((resolve) => setImmediate(resolve));
    };
    stream.read(0);
    await full();
    const patient = ftp.command('NOOP');
    for (let i = 0; i < 4; i++) {
      clock.pass(50_000);
      stream.read(100_000);
      await full();
    }
    const refused = ftp.command('PWD');
    clock.pass(60_001); // `timeouts.stall`
    const error = { code: 'ERR_WOULD_DEADLOCK', message: expect.stringContaining('RETR /f') };
    await expect(patient).rejects.toMatchObject({ ...error, command: 'NOOP' });
    await expect(refused).rejects.toMatchObject({ ...error, command: 'PWD' });
    clock.restore();
    stream.destroy();
    ftp.close();
  });
});
