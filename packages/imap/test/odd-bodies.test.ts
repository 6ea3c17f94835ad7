/** Bodies in rows that no grammar allows: their octets, or a word about what is wrong with them. */
import { describe, expect, it } from 'vitest';
import { openedOn } from './support/odd.js';

const body = 'Subject: x\r\n\r\nhello\r\n';
const size = body.length;
const whole = `UID 11 BODY[]<0> {${size}}\r\n${body}`;
const goesOn = expect.stringMatching(/^row: it goes on in the next line/) as unknown as string;
const broken = expect.stringMatching(/^row: Expected/) as unknown as string;

/** What one row says: the body's octets, or the code of the error with which it ends, and the row's problems. */
async function told(row: string): Promise<[string | undefined, readonly string[]]> {
  const escaped = `* 1 FETCH (${row}`.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
  const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[]<0.262144>)
S-raw: ${escaped}\\r\\n
S: A2 OK done
C: A3 NOOP
S: A3 OK done
`;
  return openedOn(script, async (box, client) => {
    const [found, ...others] = await box.fetch(11, { bodies: [''] }).toArray();
    expect(others).toEqual([]);
    await client.noop();
    const octets = await found
      ?.body()
      .toArray()
      .then((pieces) => Buffer.concat(pieces).toString('latin1'))
      .catch((error: { code: string }) => error.code);
    return [octets, found?.problems ?? []];
  });
}

describe('a body whose literal', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['is as announced', `${whole})`, body, []],
    ['is announced short by its last CRLF (MailKit#954)', `UID 11 BODY[]<0> {${size - 2}}\r\n${body})`, body.slice(0, -2), [goesOn]],
    ['is announced short by one octet', `UID 11 BODY[]<0> {${size - 1}}\r\n${body})`, body.slice(0, -1), [goesOn]],
    ['is announced short, with items behind', `BODY[]<0> {${size - 2}}\r\n${body} UID 11)`, body.slice(0, -2), [goesOn]],
    ['is announced long by the parenthesis', `UID 11 BODY[]<0> {${size + 1}}\r\n${body})`, `${body})`, [broken]],
    ['is followed by a line break of its own', `${whole}\r\n)`, body, [goesOn]],
    ['is followed by two parentheses', `${whole}))`, body, []],
    ['is followed by no parenthesis', whole, body, [broken]],
    ['is followed by the end of the row, and items', `BODY[]<0> {${size}}\r\n${body}) UID 11)`, body, []],
    ['is announced with a space behind', `UID 11 BODY[]<0> {${size}} \r\n${body})`, body, []],
    ['is announced without a space before', `UID 11 BODY[]<0>{${size}}\r\n${body})`, body, []],
    ['is announced as one of the client', `UID 11 BODY[]<0> {${size}+}\r\n${body})`, body, []],
    ['is announced as binary', `UID 11 BODY[]<0> ~{${size}}\r\n${body})`, body, []],
    ['is named as in the command', `UID 11 BODY.PEEK[]<0.262144> {${size}}\r\n${body})`, body, []],
    ['is named with the number of octets', `UID 11 BODY[]<0.262144> {${size}}\r\n${body})`, body, []],
    ['is named without an origin', `UID 11 BODY[] {${size}}\r\n${body})`, body, []],
    ['is named RFC822', `UID 11 RFC822 {${size}}\r\n${body})`, body, []],
    ['is named in lower case', `uid 11 body[]<0> {${size}}\r\n${body})`, body, []],
    ['comes without UID (DavMail)', `BODY[]<0> {${size}}\r\n${body})`, body, ['UID: the server did not send it']],
    ['is no literal but a text', 'UID 11 BODY[]<0> "abc")', 'abc', []],
  ])('%s', async (_name, row, octets, problems) => {
    expect(await told(row)).toEqual([octets, problems]);
  }); // biome-ignore format: a table

  it.each([['{-1}'], ['{}'], ['{x}']])('%s is no body of that name', async (text) => {
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[]<0.262144>)
S: * 1 FETCH (UID 11 BODY[]<0> ${text})
S: A2 OK done
C: A3 UID FETCH 11 (UID BODY.PEEK[])
S: * 1 FETCH (UID 11)
S: A3 OK done
`;
    await openedOn(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: [''] }).toArray();
      expect(found?.problems).toEqual([expect.stringMatching(/^BODY\[\]: Expected nstring/)]);
      await expect(found?.body().toArray()).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    });
  });
});

describe('an origin that was not asked for', () => {
  it('at a row: its octets are no beginning, and all is asked for', async () => {
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[]<0.262144>)
S: * 1 FETCH (UID 11 BODY[]<5> {3}
S-raw: abc)\\r\\n
S: A2 OK done
C: A3 UID FETCH 11 (UID BODY.PEEK[])
S: * 1 FETCH (UID 11 BODY[] {5}
S-raw: hello)\\r\\n
S: A3 OK done
`;
    await openedOn(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: [''] }).toArray();
      const pieces = await found?.body().toArray();
      expect(Buffer.concat(pieces ?? []).toString()).toBe('hello');
    });
  });

  it('behind what is known, at the rest of a body: a gap is an error', async () => {
    const head = 'x'.repeat(262_144);
    const script = `
C: A2 UID FETCH 11 (UID BODY.PEEK[]<0.262144>)
S: * 1 FETCH (UID 11 BODY[]<0> {262144}
S: ${head})
S: A2 OK done
C: A3 UID FETCH 11 (UID BODY.PEEK[]<262144.2147483647>)
S: * 1 FETCH (UID 11 BODY[]<262150> {5}
S: hello)
S: A3 OK done
`;
    await openedOn(script, async (box) => {
      const [found] = await box.fetch(11, { bodies: [''] }).toArray();
      await expect(found?.body().toArray()).rejects.toMatchObject({
        code: 'ERR_TRANSFER_INCOMPLETE',
        cause: { code: 'ERR_MALFORMED_RESPONSE', got: '<262150>' },
      });
    });
  });
});
