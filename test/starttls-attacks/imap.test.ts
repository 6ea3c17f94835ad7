import { honestImap, playImap } from './east/imap.js';
import { describeStudy } from './east/study.js';
import { imap } from './targets/imap.js';

describeStudy(imap, { play: playImap, honest: honestImap });
