import { smtp } from './jobs/smtp.js';
import { describeHostileServers } from './suite.js';

describeHostileServers(smtp);
