import { pop3 } from './clients/pop3.js';
import { describeContract } from './contract.js';

describeContract(pop3);
