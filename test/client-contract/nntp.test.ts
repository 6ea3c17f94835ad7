import { nntp } from './clients/nntp.js';
import { describeContract } from './contract.js';

describeContract(nntp);
