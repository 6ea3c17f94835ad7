import { smtp } from './clients/smtp.js';
import { describeContract } from './contract.js';

describeContract(smtp);
