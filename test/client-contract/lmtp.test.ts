import { describe } from 'vitest';
import { lmtp } from './clients/smtp.js';
import { describeSession } from './contract.js';

describe('lmtp: the contract of all clients', () => describeSession(lmtp));
