import { describeMatrix } from './matrix.js';
import { pop3 } from './protocols/pop3.js';
import { describeSessions } from './sessions.js';

describeMatrix(pop3);
describeSessions(pop3);
