/** The commands of FTP. */
import { accessCommands } from './commands/access.js';
import type { Commands } from './commands/command.js';
import { dataPortCommands } from './commands/data-port.js';
import { miscellaneousCommands } from './commands/miscellaneous.js';
import { transferCommands } from './commands/transfer.js';
import { treeCommands } from './commands/tree.js';

export const commands: Commands = {
  ...accessCommands,
  ...dataPortCommands,
  ...transferCommands,
  ...treeCommands,
  ...miscellaneousCommands,
};
