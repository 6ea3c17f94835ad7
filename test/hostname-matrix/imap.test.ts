import { describeMatrix } from './matrix.js';
import { imap } from './protocols/imap.js';

describeMatrix(imap);
