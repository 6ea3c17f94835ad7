import { nntp } from './jobs/nntp.js';
import { describeHostileServers } from './suite.js';

describeHostileServers(nntp);
