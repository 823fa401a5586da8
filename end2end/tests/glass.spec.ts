/** Applying without approval: possible, told to everybody, and not twice before a lead has looked. */

import { badge, disclosure, heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, ALMA, LENA, VERA } from '../support/people.ts';

test.use({ site: 'glass' });

const WHY = 'Every call to the emergency number fails.';

test('an admin breaks the glass, and nobody does again before a lead has reviewed it', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 40[39]/);
  const ada = await api(ADA);
  const id = await ada.draft('A worker, now', { hostname: 'worker-glass-1.example.net', address: '10.80.1.1' });
  await ada.submit(id);
  const next = await (await api(ALMA)).draft('Another one', { hostname: 'worker-glass-2.example.net', address: '10.80.1.2' });
  await (await api(ALMA)).submit(next);

  const vera = await signedIn(VERA);
  await open(vera, `/changes/${id}`);
  await expect(disclosure(vera, 'Apply without approval')).toHaveCount(0);

  const page = await signedIn(ADA);
  await open(page, `/changes/${id}`);
  await disclosure(page, 'Apply without approval').click();
  const act = page.getByRole('button', { name: 'Break the glass and apply' });
  await page.getByLabel(/^Why now/).fill('urgent');
  await act.click();
  await expect(page.getByRole('alert')).toContainText('Say why in at least 10 characters');
  await page.getByLabel(/^Why now/).fill(WHY);
  await act.dblclick();
  await expect(heading(page, /^Run \d+/)).toBeVisible();

  await test.step('whoever looks at the change reads it', async () => {
    await expect(region(vera, 'Applied without approval')).toContainText(WHY);
    await expect(region(vera, 'Applied without approval')).toContainText(ADA.name);
    await expect(badge(vera, 'applied')).toBeVisible({ timeout: 30_000 });
    await expect(vera.getByRole('button', { name: 'I have reviewed it' })).toBeDisabled();
  });

  const alma = await signedIn(ALMA);
  await open(alma, `/changes/${next}`);
  await disclosure(alma, 'Apply without approval').click();
  const again = alma.getByRole('button', { name: 'Break the glass and apply' });
  await expect(again).toBeDisabled();
  await expect(again).toHaveAccessibleDescription(/Ada Admin applied change #\d+ without approval, and no lead has reviewed that yet/);
  const digest = (await (await api(ALMA)).approval(next))['digest'] ?? '';
  expect((await (await api(ALMA)).post('change_break_glass', { id: `${next}`, digest, reason: WHY })).status()).toBe(409);

  await test.step('a lead finds it in the inbox and reviews it', async () => {
    const lena = await signedIn(LENA);
    await open(lena, '/approvals');
    await lena.getByRole('link', { name: `Review of #${id}, applied without approval` }).click();
    await lena.getByLabel('What you found').fill('It was right: the queue was full.');
    await lena.getByRole('button', { name: 'I have reviewed it' }).click();
    await expect(region(lena, 'Applied without approval')).toContainText('Reviewed by Lena Lead');
    await expect(region(lena, 'Timeline')).toContainText('reviewed what was applied without approval');
  });
  await alma.reload();
  await disclosure(alma, 'Apply without approval').click();
  await expect(again).toBeEnabled();
});
