/** Carries out the steps of one transaction in its turn: waits for what it needs, and hands that back. */
import type { Turn } from '@fivewire/line-protocol';
import { nextReply } from './replies.js';
import type { Session } from './session.js';
import { type Steps, type Transaction, turnToRead } from './transaction.js';

export async function carryOut<T>(
  { connection }: Session,
  transaction: Transaction,
  steps: Steps<T>,
  turn: Turn,
): Promise<T> {
  transaction.onMayFollow = turn.wrote;
  try {
    let step = steps.next();
    while (!step.done) {
      const need = step.value;
      let given: unknown;
      try {
        if (need === turnToRead) await turn.toRead();
        else given = await (need instanceof Promise ? need : nextReply(connection, need));
      } catch (error) {
        step = steps.throw(error);
        continue;
      }
      step = steps.next(given);
    }
    return step.value;
  } catch (error) {
    throw transaction.explain(error);
  }
}
