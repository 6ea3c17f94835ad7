import { describeMatrix } from './matrix.js';
import { smtp } from './protocols/smtp.js';
import { describeSessions } from './sessions.js';

describeMatrix(smtp);
describeSessions(smtp);
