import { describeMatrix } from './matrix.js';
import { imap } from './protocols/imap.js';
import { describeSessions } from './sessions.js';

describeMatrix(imap);
describeSessions(imap);
