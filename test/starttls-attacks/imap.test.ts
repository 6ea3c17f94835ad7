import { leaveNothing } from './attack.js';
import { describeAttacks } from './attacks/describe.js';
import { imapDialect } from './attacks/imap.js';
import { honestImap, playImap } from './east/imap.js';
import { describeStudy } from './east/study.js';
import { imap } from './targets/imap.js';

leaveNothing();
describeStudy(imap, { play: playImap, honest: honestImap });
describeAttacks(imapDialect);
