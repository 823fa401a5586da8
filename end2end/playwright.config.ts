import { defineConfig } from '@playwright/test';
import type { Options } from './support/fixtures.ts';

// The distribution's Chromium; Playwright downloads none.
const executablePath = process.env['STRATA_CHROMIUM'] ?? '/usr/bin/chromium';

export default defineConfig<object, Options>({
  testDir: 'tests',
  outputDir: 'artifacts/results',
  // Tests of one file share a server and run one after the other; files run side by side.
  fullyParallel: false,
  workers: 2,
  forbidOnly: Boolean(process.env['CI']),
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: 'artifacts/report.json' }]],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // On a machine that does much else besides.
    actionTimeout: 20_000,
    navigationTimeout: 20_000,
    launchOptions: {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
