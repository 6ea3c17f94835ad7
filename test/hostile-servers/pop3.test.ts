import { pop3 } from './jobs/pop3.js';
import { describeHostileServers } from './suite.js';

describeHostileServers(pop3);
