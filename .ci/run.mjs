import { createReport } from '../tools/report.mjs';

const report = createReport();
report.count('npm start', 'npm', ['start']);
report.count('npm test', 'npm', ['test']);
report.check('npm run docs', 'npm', ['run', 'docs']);
report.count('npm run test:web', 'npm', ['run', 'test:web']);
report.count('npm run test:servers', 'npm', ['run', 'test:servers']);
report.end();
