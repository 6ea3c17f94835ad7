import { describeMatrix } from './matrix.js';
import { ftp } from './protocols/ftp.js';
import { describeSessions } from './sessions.js';

describeMatrix(ftp);
describeSessions(ftp);
