import { leaveNothing } from './attack.js';
import { describeAttacks } from './attacks/describe.js';
import { pop3Dialect } from './attacks/pop3.js';
import { honestPop3, playPop3 } from './east/pop3.js';
import { describeStudy } from './east/study.js';
import { pop3 } from './targets/pop3.js';

leaveNothing();
describeStudy(pop3, { play: playPop3, honest: honestPop3 });
describeAttacks(pop3Dialect);
