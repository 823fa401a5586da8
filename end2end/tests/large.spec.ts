/** A draft that is too large to come along with its page. */

import { heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA } from '../support/people.ts';

test.use({ site: 'large' });

const GROUPS = 1_200;

test('a large draft is listed in part by the server, and asked for whole by the browser', async ({ signedIn, api }) => {
  test.setTimeout(120_000);
  const id = await (await api(ADA)).changeStart('Many groups');
  const page = await signedIn(ADA);
  const names = Array.from({ length: GROUPS }, (_, number) => `large-${String(number).padStart(4, '0')}`);
  const edits = names.map((name) => ({ kind: 'add-group', name }));
  const batch = { key: 'large', label: 'Add many groups', edits };
  const added = await page.request.post('/api/draft_append', { data: { id, after: 0, batch } });
  expect(added.status(), await added.text()).toBe(200);

  const plain = await signedIn(ADA, { javaScriptEnabled: false });
  await plain.goto(`/changes/${id}/edit?q=large-00`);
  await expect(region(plain, /^Availability groups \(\d+\)/)).toContainText('The first 50 of 100; search to narrow down.');
  await expect(region(plain, `Edits (${GROUPS})`)).toContainText(`The newest 100 of ${GROUPS}.`);
  expect((await plain.content()).length).toBeLessThan(1_000_000);

  await open(page, `/changes/${id}/edit`);
  await expect(page.getByRole('status', { name: 'Saving' })).toContainText('Saved');
  await expect(heading(page, 'Many groups')).toBeVisible();
  await expect(page.getByRole('option', { name: /^worker-1\.example\.net,/ })).toBeVisible();
});
