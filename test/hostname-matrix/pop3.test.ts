import { describeMatrix } from './matrix.js';
import { pop3 } from './protocols/pop3.js';

describeMatrix(pop3);
