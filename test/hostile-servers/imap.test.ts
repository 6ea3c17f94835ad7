import { imap } from './jobs/imap.js';
import { describeHostileServers } from './suite.js';

describeHostileServers(imap);
