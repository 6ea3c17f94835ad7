/** Holds one client to everything that all clients promise. */
import { describe } from 'vitest';
import { describeBlocked } from './rows/blocked.js';
import { describeCalls } from './rows/calls.js';
import { describeConnect } from './rows/connect.js';
import { describeExports } from './rows/exports.js';
import { describeFace } from './rows/face.js';
import { describeMethods } from './rows/methods.js';
import { describeOdd } from './rows/odd.js';
import { describePool } from './rows/pool.js';
import { describeQuit } from './rows/quit.js';
import { describeSecured } from './rows/secured.js';
import type { Client, Subject } from './subject.js';

export function describeContract<C extends Client>(subject: Subject<C>): void {
  describe(`${subject.protocol}: the contract of all clients`, () => {
    describeExports(subject);
    describeConnect(subject);
    describeSession(subject);
  });
}

/** What holds from the greeting on. */
export function describeSession<C extends Client>(subject: Subject<C>): void {
  describeFace(subject);
  describeSecured(subject);
  describeBlocked(subject);
  describeQuit(subject);
  describeMethods(subject);
  describeCalls(subject);
  describePool(subject);
  describeOdd(subject);
}
