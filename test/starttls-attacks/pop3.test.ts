import { honestPop3, playPop3 } from './east/pop3.js';
import { describeStudy } from './east/study.js';
import { pop3 } from './targets/pop3.js';

describeStudy(pop3, { play: playPop3, honest: honestPop3 });
