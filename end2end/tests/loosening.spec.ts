/** What one person does not loosen alone: a rule that matters less, and a freeze that is on. */

import { disclosure, heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA, LEO, VERA } from '../support/people.ts';

test.use({ site: 'loosening' });

const POLICY = '/settings/policy?env=production';
const SCHEDULE = '/settings/schedule?env=production';

/** A time as the browser's field takes it, in UTC, that many hours from now. */
function hours(fromNow: number): string {
  return new Date(Date.now() + fromNow * 3_600_000).toISOString().slice(0, 16);
}

test('a rule is off once two leads have it so, and each review names it', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 40[39]/);
  const ada = await api(ADA);
  const before = await ada.draft('Before the rule', { hostname: 'worker-loose-1.example.net', address: '10.82.1.1' });
  await ada.submit(before);

  const page = await signedIn(ADA);
  await test.step('the admin alone cannot, not past the page either', async () => {
    await open(page, '/catalogue?env=production');
    await disclosure(region(page, /^Rules/), 'sql.no-master').click();
    await expect(page.getByRole('form', { name: 'Severity of sql.no-master' })).toHaveCount(0);
    const refused = await ada.post('rule_level_set', { environment: 'production', rule: 'sql.no-master', level: 'off', reason: 'No' });
    expect(refused.status()).toBe(409);
  });
  await test.step('and proposes it', async () => {
    const rule = page.getByRole('listitem').filter({ hasText: 'sql.no-master' });
    await disclosure(rule, 'Propose that it matters less').click();
    const form = page.getByRole('form', { name: 'Proposal for sql.no-master' });
    await form.getByLabel('Severity').selectOption('off');
    await form.getByLabel(/^Reason/).fill('The master moves to another house.');
    await form.getByRole('button', { name: 'Propose it' }).click();
    const proposal = region(page, 'Proposed: The rule sql.no-master: off instead of blocker');
    await expect(proposal).toContainText('The master moves to another house.');
    await expect(proposal).toContainText('0 of 2 leads');
    await expect(proposal).toContainText('Could be given by Leo Lead.');
    await expect(proposal.getByRole('button', { name: 'Approve it' })).toBeDisabled();
  });
  await test.step('it waits in the inbox of a lead, and one is not enough', async () => {
    const lena = await signedIn(LENA);
    await open(lena, '/approvals');
    await lena.getByRole('link', { name: 'The rule sql.no-master: off instead of blocker' }).click();
    await expect(heading(lena, /^Policy/)).toBeVisible();
    await lena.getByRole('button', { name: 'Approve it' }).click();
    await expect(region(lena, /^Proposed/)).toContainText('1 of 2 leads');
    await expect(lena.getByRole('button', { name: 'Put it in force' })).toBeDisabled();
  });
  await test.step('the second, an expert, puts it in force', async () => {
    const leo = await signedIn(LEO);
    await open(leo, POLICY);
    await leo.getByRole('button', { name: 'Put it in force' }).click();
    await expect(region(leo, /^Proposed/)).toHaveCount(0);
  });
  await test.step('the review of what is submitted after it names it; of what was before, not', async () => {
    const after = await ada.draft('After the rule', { hostname: 'worker-loose-2.example.net', address: '10.82.1.2' });
    await ada.submit(after);
    await open(page, `/changes/${after}`);
    await expect(region(page, 'Rules weaker than by default (1)')).toContainText('sql.no-master: off instead of blocker');
    await page.goto(`/changes/${after}/record`);
    await expect(page.getByText('sql.no-master: off instead of blocker')).toBeVisible();
    await open(page, `/changes/${before}`);
    await expect(region(page, 'Decision')).toBeVisible();
    await expect(region(page, /^Rules weaker/)).toHaveCount(0);
  });
  await test.step('back to the default is the admin\'s act at once', async () => {
    await open(page, '/catalogue?env=production');
    await disclosure(region(page, /^Rules/), 'sql.no-master').click();
    const form = page.getByRole('form', { name: 'Severity of sql.no-master' });
    await expect(form.getByLabel('Severity')).toHaveValue('blocker');
    await form.getByLabel(/^Reason/).fill('It has moved.');
    await form.getByRole('button', { name: 'Set severity' }).click();
    await expect(form).toHaveCount(0);
  });
});

test('a freeze that is on is removed with a reason, which everybody is told', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 422/);
  const lena = await api(LENA);
  await lena.scheduleAdd({ kind: 'freeze', name: 'Quarter', every: 'once', from: hours(-1), to: hours(2), zone: 'UTC' });
  const silent = await lena.post('schedule_entry_remove', { environment: 'production', id: '1', version: '1' });
  expect(silent.status()).toBe(422);
  expect(await silent.json()).toMatchObject({ kind: 'invalid', field: 'why' });

  const page = await signedIn(LENA);
  await open(page, SCHEDULE);
  await test.step('to shorten it asks why as well, and loses nothing that was typed', async () => {
    await region(page, 'Freezes').getByRole('link', { name: 'Change' }).click();
    await page.getByLabel('To', { exact: true }).fill(hours(1));
    await page.getByRole('button', { name: 'Save it' }).click();
    await expect(page.getByText('Say why: the freeze was there for a reason too')).toBeVisible();
    await page.getByLabel(/^If it ends sooner/).fill('The books close at noon.');
    await page.getByRole('button', { name: 'Save it' }).click();
    await expect(region(page, 'Freezes')).toContainText('Quarter');
  });
  await test.step('to remove it does, too', async () => {
    await disclosure(page, 'Remove it').click();
    await page.getByLabel(/^Reason/).fill('The books are closed.');
    await page.getByRole('button', { name: 'Remove the freeze' }).click();
    await expect(region(page, 'Freezes')).toContainText('No freeze');
  });
  const vera = await signedIn(VERA);
  await open(vera, '/notifications');
  await expect(vera.getByText('the freeze “Quarter” was removed')).toBeVisible();
  await expect(vera.getByText('“The books are closed.”')).toBeVisible();
});
