/** What a server does wrong, by name, at a number of octets; and what it may come to. */
import type { Faults } from '@fivewire/test-servers';
import type { Job } from './job.js';

export interface Fault {
  name: string;
  at(octets: number, job: Job): Faults;
  /** Codes that say what happened. Undefined: whatever fits the place. */
  codes?: readonly string[];
}

const nonsense = '\x00%%% nonsense \xff\r\n';
/** Little enough to be over soon, and more than any line or reply may have. */
const enough = 2 << 20;

const gone = [
  'ERR_CONNECTION_CLOSED',
  'ERR_SERVER_CLOSING',
  'ERR_TRANSFER_INCOMPLETE',
  'ERR_OUTCOME_UNKNOWN',
];

export const faults: readonly Fault[] = [
  {
    name: 'falls silent',
    at: (octets) => ({ stallAt: octets }),
    codes: ['ERR_TIMEOUT', 'ERR_OUTCOME_UNKNOWN'],
  },
  { name: "ends by TCP's FIN", at: (octets) => ({ cutAfter: octets, cut: 'fin' }), codes: gone },
  {
    name: 'ends by close_notify',
    at: (octets) => ({ cutAfter: octets, cut: 'close-notify' }),
    codes: gone,
  },
  { name: 'resets', at: (octets) => ({ cutAfter: octets, cut: 'reset' }), codes: gone },
  {
    name: 'says nonsense',
    at: (after) => ({ flood: { after, text: nonsense, total: nonsense.length } }),
  },
  {
    name: 'says the same line for ever',
    at: (after, { line }) => ({ flood: { after, text: line, total: enough } }),
  },
  {
    name: 'says a line without an end',
    at: (after) => ({ flood: { after, text: 'x', total: enough } }),
  },
];
