import { resolve } from 'node:path';

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, test } from '../support/fixtures.ts';
import { EXHIBITS, type Exhibit, gallery, show } from '../support/gallery.ts';
import { ADA } from '../support/people.ts';

test.use({ site: 'gallery' });
// Each exhibit is looked at in every way.
test.describe.configure({ timeout: 180_000 });

const FOLDER = resolve(import.meta.dirname, '../artifacts/screens');
const SCHEMES = ['light', 'dark'] as const;

let exhibits: Exhibit[] = [];

test.beforeAll(async ({ strata, sessions }) => {
  exhibits = await gallery(strata, sessions);
});

for (const name of EXHIBITS) {
  test(`axe finds nothing on ${name}, light and dark; it fits wide and narrow, and has its picture taken`, async ({
    visitor,
    signedIn,
    complaints,
  }) => {
    const exhibit = exhibits.find((one) => one.name === name);
    expect(exhibit).toBeDefined();
    if (exhibit === undefined) {
      return;
    }
    if (exhibit.status !== undefined) {
      complaints.expect(new RegExp(`status of ${exhibit.status}`));
    }
    if (exhibit.noise !== undefined) {
      complaints.expect(exhibit.noise);
    }
    const page = exhibit.visitor ? await visitor() : await signedIn(exhibit.person ?? ADA);
    await show(page, exhibit);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        if (width === 1440) {
          // What is large is drawn when it has come.
          await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
          expect(await violations(page, colorScheme), `${name}, ${colorScheme}`).toEqual([]);
        }
        await page.screenshot({ path: resolve(FOLDER, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      expect(await tooWide(page), `nothing of ${name} sticks out at ${width}`).toEqual([]);
    }
  });
}

/** What axe finds; what does not depend on colour is looked at in light alone. */
async function violations(page: Page, colorScheme: (typeof SCHEMES)[number]): Promise<string[]> {
  const axe = new AxeBuilder({ page });
  const found = await (colorScheme === 'light' ? axe : axe.withRules(['color-contrast'])).analyze();
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** What makes the page scroll sideways, if it does. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth } = document.documentElement;
    if (scrollWidth <= window.innerWidth) {
      return [];
    }
    const culprits = [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
      .filter((element) => element.closest('.table-scroll, pre') === null)
      .map((element) => `<${element.tagName.toLowerCase()} class="${element.className}">`);
    return [`${scrollWidth} px wide`, ...culprits.slice(0, 8)];
  });
}
