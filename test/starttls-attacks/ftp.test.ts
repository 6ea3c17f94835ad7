import { describeAttacks } from './attacks/describe.js';
import { ftpDialect } from './attacks/ftp.js';

describeAttacks(ftpDialect);
