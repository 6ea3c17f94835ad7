/** The documents in lanes: those of one lane share servers and a process, and lanes run side by side. */
import { documents } from './markdown.js';

const lanes = {
  readmes: (name: string) => !name.startsWith('docs/'),
  migrations: (name: string) => name.startsWith('docs/site/migrate/'),
  recipes: (name: string) => /^docs\/site\/(?:recipes|tasks)\//.test(name),
  errors: (name: string) => name === 'docs/site/errors.md',
  pages: () => true,
};

export type Lane = keyof typeof lanes;

/** A document is in the first lane that takes it. */
export function documentsOf(lane: Lane): string[] {
  const names = Object.keys(lanes) as Lane[];
  return documents().filter((name) => names.find((each) => lanes[each](name)) === lane);
}

export const laneNames = Object.keys(lanes);
