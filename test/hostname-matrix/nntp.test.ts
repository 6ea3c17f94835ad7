import { describeMatrix } from './matrix.js';
import { nntp } from './protocols/nntp.js';
import { describeSessions } from './sessions.js';

describeMatrix(nntp);
describeSessions(nntp);
