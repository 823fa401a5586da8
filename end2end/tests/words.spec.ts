/** Words of any length, wherever people type them, break no page that others look at. */

import type { Page } from '@playwright/test';

import { open } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA } from '../support/people.ts';

test.use({ site: 'words' });

const long = (length: number): string => 'W'.repeat(length);

test('long words stay within the page, wide and narrow', async ({ signedIn, api }) => {
  test.setTimeout(180_000);
  const [ada, lena] = [await api(ADA), await api(LENA)];
  const role = { id: 'wide', name: long(80), layer: 'storage', note: long(200), network: 'private-only', growth: 'free', min: '0' };
  const form = Object.fromEntries(Object.entries(role).map(([name, value]) => [`form[${name}]`, value]));
  const saved = await ada.post('role_save', { environment: 'production', version: '1', ...form });
  expect(saved.status(), await saved.text()).toBeLessThan(400);
  const id = await ada.draft(long(150), { hostname: `${'w'.repeat(60)}.example.net`, address: '10.77.40.1' });
  await ada.changeEdit(id, 'add-group', { name: long(120) });
  await ada.submit(id);
  const said = await lena.post('comment_add', { id: `${id}`, key: 'long-words', text: long(2_000) });
  expect(said.status(), await said.text()).toBeLessThan(400);
  await lena.scheduleAdd({ kind: 'freeze', name: long(80), reason: long(2_000), every: 'once', from: '2030-01-01T00:00', to: '2030-01-02T00:00', zone: 'UTC' });

  const page = await signedIn(LENA);
  const paths = ['/', '/changes', `/changes/${id}`, `/changes/${id}/edit`, `/changes/${id}/record`, '/catalogue', '/settings/schedule', '/approvals', '/audit', '/notifications'];
  for (const path of paths) {
    await open(page, path.includes('?') ? path : `${path}?env=production`);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await widthOf(page), `${path} at ${width}`).toBeLessThanOrEqual(width);
    }
  }
});

function widthOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}
