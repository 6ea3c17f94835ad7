/** `fivewire man`: the man page. */
import { commands } from '../commands.js';
import type { Args, CommandModule, Context } from '../context.js';
import { globalOptions } from '../global-options.js';
import { manPage } from '../man.js';
import { version } from '../version.js';

export const options: CommandModule['options'] = {};

export async function run(_: Args, { out }: Context): Promise<undefined> {
  const all = await Promise.all(
    commands.map(async ({ load, ...entry }) => ({ ...entry, options: (await load()).options })),
  );
  await out.write(manPage(all, globalOptions, version()));
}
