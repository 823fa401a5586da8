/** What every test starts from: a server of its file's own, and people with browsers of their own. */

import { type BrowserContext, type BrowserContextOptions, type Page, expect, test as base } from '@playwright/test';

import type { Api } from './api.ts';
import { Complaints } from './console.ts';
import type { Person } from './people.ts';
import { StrataServer } from './server.ts';
import { Sessions } from './sessions.ts';

export interface Options {
  /** Each name has a server: a file that says `test.use({ site: 'its name' })` trips over no other file. */
  site: string;
}

interface WorkerFixtures {
  strata: StrataServer;
  sessions: Sessions;
}

interface TestFixtures {
  /** Opens a browser as nobody. */
  visitor: (options?: BrowserContextOptions) => Promise<Page>;
  /** Opens a browser that is signed in as that person. */
  signedIn: (person: Person, options?: BrowserContextOptions) => Promise<Page>;
  /** The API as that person, or as nobody. */
  api: (person?: Person) => Promise<Api>;
  /** What the browsers complained of; what the test did not expect fails it. */
  complaints: Complaints;
}

/** Every step with its pictures, for `npx playwright show-trace`; off by default, since it slows everything down. */
const TRACED = process.env['STRATA_TRACE'] !== undefined;

export const test = base.extend<TestFixtures, Options & WorkerFixtures>({
  site: ['shared', { option: true, scope: 'worker' }],

  strata: [
    async ({ site }, use) => {
      const server = await StrataServer.start(site);
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  sessions: [
    async ({ strata }, use) => {
      const sessions = new Sessions(strata.address);
      await use(sessions);
      await sessions.dispose();
    },
    { scope: 'worker' },
  ],

  complaints: async ({}, use) => {
    const complaints = new Complaints();
    await use(complaints);
    complaints.verify();
  },

  visitor: async ({ browser, strata, complaints }, use, testInfo) => {
    const contexts: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext({ baseURL: strata.address, ...options });
      complaints.listen(context);
      if (TRACED) {
        await context.tracing.start({ screenshots: true, snapshots: true });
      }
      contexts.push(context);
      return context.newPage();
    });
    const failed = testInfo.status !== testInfo.expectedStatus;
    for (const [index, context] of contexts.entries()) {
      const path = (end: string) => testInfo.outputPath(`browser-${index + 1}${end}`);
      if (failed) {
        await context.pages()[0]?.screenshot({ path: path('.png'), fullPage: true }).catch(() => undefined);
      }
      if (TRACED) {
        await context.tracing.stop({ path: path('.zip') });
      }
      await context.close();
    }
  },

  signedIn: async ({ visitor, sessions }, use) => {
    await use(async (person, options) => visitor({ ...options, storageState: await sessions.of(person) }));
  },

  api: async ({ sessions }, use) => {
    await use((person) => sessions.api(person));
  },
});

export { expect };
