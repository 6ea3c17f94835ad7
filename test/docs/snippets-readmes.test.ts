import { documentsOf } from './lanes.js';
import { testSnippets } from './suite.js';

testSnippets(documentsOf('readmes'));
