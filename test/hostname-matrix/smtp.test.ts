import { describeMatrix } from './matrix.js';
import { smtp } from './protocols/smtp.js';

describeMatrix(smtp);
