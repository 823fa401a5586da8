import { resolve } from 'node:path';

import type { Page } from '@playwright/test';

import { expect, test } from '../support/fixtures.ts';
import { EXHIBITS, type Exhibit, gallery, show } from '../support/gallery.ts';
import { ADA } from '../support/people.ts';

test.use({ site: 'screens' });

const FOLDER = resolve(import.meta.dirname, '../artifacts/screens');

let exhibits: Exhibit[] = [];

test.beforeAll(async ({ strata, sessions }) => {
  exhibits = await gallery(strata, sessions);
});

for (const name of EXHIBITS) {
  test(`${name} fits wide and narrow, and has its picture taken`, async ({ visitor, signedIn, complaints }) => {
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
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: resolve(FOLDER, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      expect(await tooWide(page), `nothing of ${name} sticks out at ${width}`).toEqual([]);
    }
  });
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
