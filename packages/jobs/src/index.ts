/**
 * Jobs on a BullMQ queue over Redis or Valkey.
 *
 * - queue-runner.ts: puts jobs there and follows them
 * - worker.ts, marks.ts: does them, and knows after a kill what is left
 * - connection.ts: the queue's own TLS, through the same door as all else
 */
export { checkQueue, parseQueueUrl, type QueuePlace } from './connection.js';
export { createQueueRunner, type QueueRunner } from './queue-runner.js';
export type {
  Execute,
  FollowOptions,
  Job,
  JobOutcome,
  QueueOptions,
  WorkerOptions,
} from './types.js';
export { type JobWorker, startWorker } from './worker.js';
