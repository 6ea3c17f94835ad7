/** The command line as a function: what `fivewire` does, for programs that want to call it. */
export { exitCodes } from './exit-code.js';
export { type RunOptions, run } from './run.js';
