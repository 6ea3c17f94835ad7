import { honestSmtp, playSmtp } from './east/smtp.js';
import { describeStudy } from './east/study.js';
import { smtp } from './targets/smtp.js';

describeStudy(smtp, { play: playSmtp, honest: honestSmtp });
