import { describeMatrix } from './matrix.js';
import { nntp } from './protocols/nntp.js';

describeMatrix(nntp);
