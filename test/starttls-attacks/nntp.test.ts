import { leaveNothing } from './attack.js';
import { describeAttacks } from './attacks/describe.js';
import { nntpDialect } from './attacks/nntp.js';

leaveNothing();
describeAttacks(nntpDialect);
