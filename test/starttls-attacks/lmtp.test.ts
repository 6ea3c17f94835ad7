import { leaveNothing } from './attack.js';
import { describeAttacks } from './attacks/describe.js';
import { lmtpDialect } from './attacks/smtp.js';

leaveNothing();
describeAttacks(lmtpDialect);
