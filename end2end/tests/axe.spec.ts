import { AxeBuilder } from '@axe-core/playwright';

import { expect, test } from '../support/fixtures.ts';
import { EXHIBITS, type Exhibit, gallery, show } from '../support/gallery.ts';
import { ADA } from '../support/people.ts';

test.use({ site: 'axe' });

let exhibits: Exhibit[] = [];

test.beforeAll(async ({ strata, sessions }) => {
  exhibits = await gallery(strata, sessions);
});

for (const name of EXHIBITS) {
  test(`axe finds nothing on ${name}, light and dark`, async ({ visitor, signedIn, complaints }) => {
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
    for (const colorScheme of ['light', 'dark'] as const) {
      // What is large is drawn when it has come.
      await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const axe = new AxeBuilder({ page });
      // What does not depend on colour has been looked at in light.
      const { violations } = await (colorScheme === 'light' ? axe : axe.withRules(['color-contrast'])).analyze();
      const said = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`);
      expect(said, `${name}, ${colorScheme}`).toEqual([]);
    }
  });
}
