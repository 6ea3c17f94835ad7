/** How a job's end stands in the queue: BullMQ keeps a text. */
import type { JobOutcome } from './types.js';

export interface Verdict {
  state: JobOutcome['state'];
  exit: number;
  problem?: string;
}

/** EX_PROTOCOL of sysexits.h: nobody knows what became of it. */
export const unknownExit = 76;
/** EX_SOFTWARE: what does the jobs has failed, and not the job. */
export const bugExit = 70;
/** EX_TEMPFAIL: the same may work in a while, and does nothing twice. */
export const laterExit = 75;

export const verdictText = (verdict: Verdict): string => JSON.stringify(verdict);

/** What BullMQ says by itself, such as of a job that stalled too often, is a failure of it. */
export function readVerdict(text: string): Verdict {
  try {
    const { state, exit, problem } = JSON.parse(text);
    if (typeof exit === 'number' && ['done', 'failed', 'unknown'].includes(state))
      return { state, exit, ...(typeof problem === 'string' ? { problem } : {}) };
  } catch {
    // no JSON
  }
  return { state: 'failed', exit: bugExit, problem: text };
}
