import { defineConfig } from '@playwright/test';

import tests from './playwright.config.ts';

// One at a time: figures are taken, nothing is judged.
export default defineConfig(tests, { testDir: 'measure', workers: 1, timeout: 600_000, reporter: [['line']] });
