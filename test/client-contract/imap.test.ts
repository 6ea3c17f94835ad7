import { imap } from './clients/imap.js';
import { describeContract } from './contract.js';

describeContract(imap);
