import { describeAttacks } from './attacks/describe.js';
import { nntpDialect } from './attacks/nntp.js';

describeAttacks(nntpDialect);
