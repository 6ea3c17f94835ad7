import { leaveNothing } from './attack.js';
import { describeAttacks } from './attacks/describe.js';
import { ftpDialect } from './attacks/ftp.js';

leaveNothing();
describeAttacks(ftpDialect);
