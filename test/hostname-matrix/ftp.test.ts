import { describeMatrix } from './matrix.js';
import { ftp } from './protocols/ftp.js';

describeMatrix(ftp);
