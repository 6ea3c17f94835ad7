/** `fivewire config check`: is the configuration file right, and are its files there and private? Nobody is dialled. */
import { access, constants } from 'node:fs/promises';
import { type Args, type Context, optionalText, text } from '../context.js';
import { exitCodes, isFailure, usage } from '../exit-code.js';
import { line } from '../output.js';
import { defaultConfigPath } from '../paths.js';
import { loadProfiles, type Profile } from '../profile.js';

export const options = {} as const;

export async function run(args: Args, { out }: Context): Promise<number | undefined> {
  if (text(args.what) !== 'check') throw usage('There is config check, and nothing else');
  const path = optionalText(args.config) ?? defaultConfigPath();
  let bad = 0;
  for (const profile of await loadProfiles(path)) {
    const problems = await problemsOf(profile);
    bad += problems.length;
    const { name, urls } = profile;
    await out.row(
      { type: 'profile', name, urls, ok: problems.length === 0, problems },
      `${problems.length === 0 ? 'ok' : 'bad'}\t${line(name)}\t${Object.values(urls).map(line).join(' ')}`,
    );
    for (const problem of problems) out.warn(`${line(name)}: ${line(problem)}`);
  }
  return bad === 0 ? undefined : exitCodes.config;
}

async function problemsOf({
  ca = [],
  cert,
  key,
  netrc,
  keyring,
  passwordCommand,
  tokenCommand,
  user,
  urls,
}: Profile): Promise<string[]> {
  const problems: string[] = [];
  for (const file of [...ca, cert, key]) {
    if (file === undefined) continue;
    await access(file, constants.R_OK).catch(() => problems.push(`cannot read ${file}`));
  }
  if (netrc !== undefined) {
    const { parseNetrc, readPrivate } = await import('../netrc.js');
    try {
      parseNetrc(await readPrivate(netrc), netrc);
    } catch (error) {
      if (!isFailure(error)) throw error;
      problems.push(error.message);
    }
  }
  const named = user !== undefined || Object.values(urls).some((url) => url.includes('@'));
  const hasSource = [passwordCommand, tokenCommand, netrc].some((one) => one !== undefined);
  if (named && !hasSource && keyring !== true)
    problems.push(
      'names a user and neither passwordCommand nor tokenCommand, keyring or netrc: each call must say where the password is',
    );
  return problems;
}
