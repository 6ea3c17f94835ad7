/** Jobs and what becomes of them: the same shapes as the command line has. */
import type { ProxyChoice } from '@fivewire/line-protocol';
import type { TlsContextOptions } from 'tls-context-core';

/** A piece of work. What a worker needs beside it (logins, authorities) is the worker's own and never travels. */
export interface Job {
  /** The same in every run: what has it is the same work. 1 to 64 letters, digits and dashes. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Whether it can be run again after it was cut off, and does nothing twice. */
  readonly repeatable: boolean;
}

export interface JobOutcome {
  job: Job;
  /** `unknown`: a worker was ended while it did it. It is parked, and never run again by itself. */
  state: 'done' | 'failed' | 'unknown';
  /** The exit code, as of sysexits.h. */
  exit: number;
  problem?: string;
}

/** Where the queue is. */
export interface QueueOptions {
  /** `redis://host:6379/0`, or `rediss://` for TLS. No password stands in it. */
  url: string;
  user?: string;
  password?: string;
  /** The queue's name. Default `fivewire`. */
  name?: string;
  /** Whom to trust under `rediss:`. */
  tls?: TlsContextOptions;
  /** Who the server must be. Default: the host. */
  serverHostname?: string;
  proxy?: ProxyChoice;
}

export interface FollowOptions {
  /** Also jobs whose outcome nobody knows. */
  resendUnknown?: boolean;
  signal?: AbortSignal;
}

/** Does a job; its exit code, and what it said when it failed. `repeats`: an earlier try was cut off, and may have done it. */
export type Execute = (
  job: Job,
  signal: AbortSignal,
  how: { repeats: boolean },
) => Promise<{ exit: number; problem?: string }>;

export interface WorkerOptions {
  /** Jobs at once. Default 1. */
  jobs?: number;
  /** Milliseconds from the beginning of one job to that of the next, over all workers of the queue that are told so. */
  pause?: number;
  /** Milliseconds for which a worker that says nothing keeps its job. Default 30,000. */
  lease?: number;
  /** How often a job with exit code 75 is tried, with growing pauses. Default 5. */
  attempts?: number;
  /** Milliseconds before the second try, doubled each time. Default 1,000. */
  firstPause?: number;
  /** Told of each job. */
  onOutcome?: (outcome: JobOutcome) => void;
  signal?: AbortSignal;
}
