import { leaveNothing } from './attack.js';
import { describeAttacks } from './attacks/describe.js';
import { smtpDialect } from './attacks/smtp.js';
import { honestSmtp, playSmtp } from './east/smtp.js';
import { describeStudy } from './east/study.js';
import { smtp } from './targets/smtp.js';

leaveNothing();
describeStudy(smtp, { play: playSmtp, honest: honestSmtp });
describeAttacks(smtpDialect);
