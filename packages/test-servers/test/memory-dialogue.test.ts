/** Dialogues without a socket: second connections, IMAP's tags, pauses and accidents. */
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type Accident, playInMemory } from '../src/index.js';

/** What comes until `end` matches. */
function until(stream: Duplex, end: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const take = (chunk: Buffer): void => {
      got += chunk.toString('latin1');
      if (!end.test(got)) return;
      stream.off('data', take);
      resolve(got);
    };
    stream.on('data', take);
  });
}

describe('a second connection', () => {
  const script = `
    S: 220 ready
    C: RETR /f
    DATA
    S: 150 here
    D: one line
    D-raw: caf\\xe9
    D-end
    S: 226 done
    C: STOR /g
    DATA
    U: hello\\r\\n
    S: 226 done
  `;

  it('is what the lines below are about', async () => {
    const { stream, open, over, said } = playInMemory(script);
    stream.write('RETR /f\r\n');
    const down = open();
    const got: Buffer[] = [];
    for await (const chunk of down) got.push(chunk as Buffer);
    expect(Buffer.concat(got).toString('latin1')).toBe('one line\r\ncaf\xe9');
    stream.write('STOR /g\r\n');
    open().end('hello\r\n');
    expect(await over).toMatchObject({ complete: true });
    expect(said).toEqual(['RETR /f', 'STOR /g']);
  });

  it('must bring what the text says', async () => {
    const { stream, open, over } = playInMemory(script);
    stream.write('RETR /f\r\n');
    open();
    stream.write('STOR /g\r\n');
    open().end('hellO\r\n');
    await expect(over).rejects.toThrow(/line 12: expected "hello\\r\\n" on the data connection/);
  });

  it('is asked for by a dialogue that has one', async () => {
    await expect(playInMemory('D: x').over).rejects.toThrow('DATA before D and U');
  });
});

describe('IMAP’s tags', () => {
  const script = `
    C: A1 NOOP
    C: A2 SEARCH RETURN (UPDATE) ALL
    S: * ESEARCH (TAG "A2") ALL 1
    S: A2 OK
    S: A1 OK
    C: A3 CANCELUPDATE "A2"
    CLOSE
  `;

  it('are the client’s own, in any order', async () => {
    const { stream, over } = playInMemory(script, { tags: true });
    stream.write('x7 NOOP\r\nx8 SEARCH RETURN (UPDATE) ALL\r\n');
    expect(await until(stream, /x7 OK/)).toBe('* ESEARCH (TAG "x8") ALL 1\r\nx8 OK\r\nx7 OK\r\n');
    stream.write('x9 CANCELUPDATE "x8"\r\n');
    expect(await over).toMatchObject({ complete: true, variables: { a1: 'x7', a2: 'x8' } });
  });

  it('stay what they were', async () => {
    const { stream, over } = playInMemory(script, { tags: true });
    stream.resume();
    stream.write('x7 NOOP\r\nx8 SEARCH RETURN (UPDATE) ALL\r\nx9 CANCELUPDATE "x7"\r\n');
    await expect(over).rejects.toThrow('got x9 CANCELUPDATE "x7"');
  });
});

it('a pause ends when the test says so', async () => {
  const { stream, over, resume } = playInMemory('S: one\nPAUSE\nS: two\nCLOSE');
  expect(await until(stream, /one/)).toBe('one\r\n');
  resume();
  expect(await text(stream)).toBe('two\r\n');
  await over;
});

it('octets are Latin-1 where asked for', async () => {
  const { stream, over } = playInMemory('S: \xe9\nC: \xe9\nCLOSE', { encoding: 'latin1' });
  stream.write(Buffer.from('\xe9\r\n', 'latin1'));
  expect(Buffer.concat(await stream.toArray())).toEqual(Buffer.from('\xe9\r\n', 'latin1'));
  await over;
});

describe('an accident after so many octets', () => {
  const until5 = (then: Accident['then']) =>
    playInMemory('S: 220 ready\nC: NOOP', { accident: { after: 5, then } });

  it('is a polite end', async () => {
    const { stream, over } = until5('close');
    expect(await text(stream)).toBe('220 r');
    await over;
  });

  it('is a reset', async () => {
    const { stream, over } = until5('reset');
    await expect(text(stream)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await over;
  });

  it('is silence', async () => {
    const { stream, over } = until5('silence');
    expect(await until(stream, /./)).toBe('220 r');
    await over;
    expect(stream.readableEnded).toBe(false);
  });

  it('is other words, and silence', async () => {
    const { stream, over } = until5({ say: '!!' });
    expect(await until(stream, /!!/)).toBe('220 r!!');
    await over;
  });
});

it('a line that is not the expected one ends the connection', async () => {
  const { stream, over } = playInMemory('C: NOOP\nS: 250 ok');
  stream.resume();
  stream.write('QUIT\r\n');
  await expect(over).rejects.toThrow('line 1: expected NOOP, got QUIT');
  expect(stream.destroyed).toBe(true);
});
