import { ftp } from './clients/ftp.js';
import { describeContract } from './contract.js';

describeContract(ftp);
