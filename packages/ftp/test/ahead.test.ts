/** The transfer command goes out with EPSV where the server is known to wait for the data connection, and has proven its EPSV. */
import { expect, it } from 'vitest';
import { against, login } from './script.js';

const known = login.replace('220 ready', '220 (vsFTPd 3.0.3)');
const first = 'C: EPSV\nS: 229 ok (|||6446|)\ndata\nC: STOR /f\nS: 150 go\nU: hello\nS: 226 done\n';
const ahead = 'C: EPSV\nC: STOR /f\nS: 229 ok (|||6447|)\ndata\nS: 150 go\nU: hello\nS: 226 done\n';
const inStep = first.replace('6446', '6447');
const twice = async (script: string): Promise<void> => {
  await against(script, async (ftp) => {
    await ftp.upload('hello', '/f', { verify: false });
    const second = await ftp.upload('hello', '/f', { verify: false });
    expect(second.octets).toBe(5);
    expect((await ftp.command('NOOP')).code).toBe(200);
  });
};

it('by a known server, the second time', () =>
  twice(`${known}${first}${ahead}C: NOOP\nS: 200 ok\n`));

it('falls back where EPSV gives no port this time', () =>
  twice(
    `${known}${first}C: EPSV\nC: STOR /f\nS: 425 busy\nS: 425 no data connection\n${inStep}C: NOOP\nS: 200 ok\n`,
  ));

it('not by an unknown server', async () => {
  const { said } = await against(`${login}${first}${inStep}`, async (ftp) => {
    await ftp.upload('hello', '/f', { verify: false });
    await ftp.upload('hello', '/f', { verify: false });
  });
  expect(said.slice(-2)).toEqual(['EPSV', 'STOR /f']);
});
