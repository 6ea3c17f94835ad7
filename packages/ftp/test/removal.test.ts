import { describe, expect, it } from 'vitest';
import { against, login, loginWithMlst } from './script.js';

const port = 'C: EPSV\nS: 229 ok (|||6446|)\n';
const mlsd = (path: string, ...rows: string[]) =>
  `${port}DATA\nC: MLSD ${path}\nS: 150 here\n${rows.map((row) => `D: ${row}\n`).join('')}D-end\nS: 226 done\n`;
const full = (path: string) =>
  `C: DELE ${path}\nS: 550 no\nC: RMD ${path}\nS: 550 not empty\nC: MLST ${path}\nS: 250-\nS:  type=dir; x\nS: 250 End\n`;

describe('a tree is removed by asking, not by what a listing says', () => {
  it('files, links and directories', async () => {
    const script = `${loginWithMlst}${full('/a')}${mlsd('/a', 'type=file; f', 'type=OS.unix=slink:/etc; l', 'type=dir; s')}
C: DELE /a/f\nC: DELE /a/l\nC: DELE /a/s\nS: 250 ok\nS: 250 ok\nS: 550 a directory
C: RMD /a/s\nS: 550 not empty
${mlsd('/a/s', 'type=file; g')}
C: DELE /a/s/g\nS: 250 ok\nC: RMD /a/s\nS: 250 ok\nC: RMD /a\nS: 250 ok\n`;
    await against(script.replaceAll('\\n', '\n'), (ftp) => ftp.remove('/a', { recursive: true }));
  });

  it('a link that is shown as a directory goes, and nothing behind it', async () => {
    const script = `${loginWithMlst}${full('/a')}${mlsd('/a', 'type=dir; link')}C: DELE /a/link\nS: 250 ok\nC: RMD /a\nS: 250 ok\n`;
    const { said } = await against(script, (ftp) => ftp.remove('/a', { recursive: true }));
    expect(said.filter((line) => line.startsWith('MLSD'))).toEqual(['MLSD /a']);
  });

  it('a junction that refuses DELE goes by RMD, and nothing behind it', async () => {
    const row = '11-20-24  02:34PM       <DIR>          junction';
    const script = `${login}C: DELE /a\nS: 550 no\nC: RMD /a\nS: 550 not empty\nC: SIZE /a\nC: MDTM /a\nS: 550 no\nS: 550 no
${port}DATA\nC: LIST -a\nS: 150 x\nD: 11-20-24  02:34PM       <DIR>          a\nD-end\nS: 226 ok
${port}DATA\nC: LIST -a /a\nS: 150 x\nD: ${row}\nD-end\nS: 226 ok
C: DELE /a/junction\nS: 550 Access is denied.\nC: RMD /a/junction\nS: 250 ok\nC: RMD /a\nS: 250 ok\n`;
    await against(script.replace('LIST -a\n', 'LIST /\n'), (ftp) =>
      ftp.remove('/a', { recursive: true }),
    );
  });

  it('what went meanwhile is no failure; what refuses is', async () => {
    const script = `${loginWithMlst}${full('/a')}${mlsd('/a', 'type=file; f', 'type=file; g')}C: DELE /a/f\nC: DELE /a/g\nS: 550 No such file\nS: 550 Permission denied\nC: RMD /a/f\nC: RMD /a/g\nS: 550 No such file\nS: 550 no\n`;
    await expect(
      against(script, (ftp) => ftp.remove('/a', { recursive: true })),
    ).rejects.toMatchObject({ code: 'ERR_COMMAND_REJECTED', command: 'DELE /a/g' });
  });

  it.each(['../keep', 'a/../../keep', '..\\keep', 'a\\..\\..\\keep', 'a/..'])(
    'what a listing shows by a way out of the directory is not touched: %s',
    async (name) => {
      const rows = [`type=file; ${name}`, `type=dir; ${name}`, 'type=file; f'];
      const script = `${loginWithMlst}${full('/a')}${mlsd('/a', ...rows)}`;
      const { said } = await against(script, async (ftp) => {
        await expect(ftp.remove('/a', { recursive: true })).rejects.toMatchObject({
          code: 'ERR_MALFORMED_RESPONSE',
          connection: 'usable',
        });
      });
      expect(said.filter((line) => /^(?:DELE|RMD) \/a\//.test(line))).toEqual([]);
    },
  );

  it.each(['no\0name', '\0', 'carriage\rreturn'])(
    'a name that no command can have in it is told as the server’s fault: %j',
    async (name) => {
      for (const row of [`type=file; ${name}`, `type=dir; ${name}`]) {
        const script = `${loginWithMlst}${full('/a')}${mlsd('/a', 'type=file; f', row)}C: NOOP\nS: 200 ok\n`;
        await against(script, async (ftp) => {
          await expect(ftp.remove('/a', { recursive: true })).rejects.toMatchObject({
            code: 'ERR_MALFORMED_RESPONSE',
            connection: 'usable',
          });
          await ftp.command('NOOP');
        });
      }
    },
  );

  it('a slash behind a link does not make it what it points at', async () => {
    const { said } = await against(`${loginWithMlst}C: DELE /a/link\nS: 250 ok\n`, (ftp) =>
      ftp.remove('/a/link/', { recursive: true }),
    );
    expect(said.at(-1)).toBe('DELE /a/link');
  });

  it.each([
    '/',
    '//',
    '.',
    '..',
    './',
    '/.',
    '/..',
    '/a/..',
    '/a/.',
    'a/../',
    'C:/',
    'c:',
    'C:\\',
    '\\',
  ])('%j is refused before an octet leaves', async (path) => {
    for (const recursive of [true, false]) {
      await expect(
        against(loginWithMlst, (ftp) => ftp.remove(path, { recursive })),
      ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'path' });
    }
  });
});
