/** The packed command line when something goes wrong. A file of its own, so that it runs beside the scenarios. */
import { describe } from 'vitest';
import { accidents } from './accidents.js';
import { installed } from './installed.js';

const at = await installed();

describe('accidents', () => accidents(at));
