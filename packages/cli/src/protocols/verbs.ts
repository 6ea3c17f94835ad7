/** What each protocol does behind `ls` and `get`: loaded when its scheme is named. */
import type { Context } from '../context.js';
import type { Destination } from '../keep.js';
import type { Target } from '../target.js';

export interface ListWishes {
  long: boolean;
  recursive: boolean;
  all: boolean;
}

export interface Verbs {
  /** Both resolve with `exitCodes.partly` where a part of what was named is not there. */
  list(target: Target, context: Context, wishes: ListWishes): Promise<number | undefined>;
  get(target: Target, to: Destination, context: Context): Promise<number | undefined>;
}

export const verbs: Readonly<Record<'ftp' | 'imap' | 'pop3' | 'nntp', () => Promise<Verbs>>> = {
  ftp: () => import('./ftp.js'),
  imap: () => import('./imap.js'),
  pop3: () => import('./pop3.js'),
  nntp: () => import('./nntp.js'),
};
