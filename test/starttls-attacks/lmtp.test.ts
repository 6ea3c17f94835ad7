import { describeAttacks } from './attacks/describe.js';
import { lmtpDialect } from './attacks/smtp.js';

describeAttacks(lmtpDialect);
