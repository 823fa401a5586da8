/** Windows and freezes: an apply waits for them in plain sight, and starts by itself. */

import type { Page } from '@playwright/test';

import { badge, disclosure, heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA, LEO, VERA } from '../support/people.ts';

test.use({ site: 'schedule' });

const SCHEDULE = '/settings/schedule?env=production';

/** A time as the browser's field takes it, in UTC, that many hours from now. */
function hours(fromNow: number): string {
  return new Date(Date.now() + fromNow * 3_600_000).toISOString().slice(0, 16);
}

/** Adds a freeze through the form that is on now. */
async function freeze(page: Page, name: string): Promise<void> {
  await page.goto(SCHEDULE);
  await page.getByRole('link', { name: 'Add a window or a freeze' }).click();
  await page.getByLabel(/^Name/).fill(name);
  await page.getByLabel(/^Why/).fill('Nobody is there to mend what breaks.');
  await page.getByLabel('From').fill(hours(-1));
  await page.getByLabel('To', { exact: true }).fill(hours(2));
  await page.getByRole('button', { name: 'Save it' }).click();
  await expect(region(page, 'Freezes')).toContainText(name);
}

test('a change applied in a freeze waits in plain sight, and starts when a lead ends the freeze', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Not while the quarter closes', { hostname: 'worker-freeze.example.net', address: '10.79.1.1' });
  await ada.submit(id);
  await (await api(LENA)).approve(id);

  const lena = await signedIn(LENA);
  await freeze(lena, 'Quarter end');
  await expect(badge(lena, 'on now')).toBeVisible();
  await expect(lena.getByText('Closed by “Quarter end”. It opens')).toBeVisible();

  const page = await signedIn(ADA);
  await open(page, `/changes/${id}`);
  await expect(region(page, 'Decision')).toContainText('The freeze “Quarter end” is on: Nobody is there to mend what breaks.');
  await page.getByRole('button', { name: 'Apply when it opens' }).dblclick();
  await expect(page.getByText('Waits to be started.')).toBeVisible();
  await expect(page.getByText('It starts by itself')).toBeVisible();
  await expect(page.getByText('Applied by Ada Admin')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Apply/ })).toHaveCount(0);
  await page.goto('/changes?env=production');
  await expect(page.getByRole('row').filter({ hasText: 'Not while the quarter closes' })).toContainText('waits to be started');

  await test.step('called off, it stays approved, and can be applied again', async () => {
    await open(page, `/changes/${id}`);
    await page.getByRole('button', { name: 'Call it off' }).click();
    await expect(page.getByText('Waits to be started.')).toHaveCount(0);
    await expect(badge(page, 'approved')).toBeVisible();
    await page.getByRole('button', { name: 'Apply when it opens' }).click();
    await expect(page.getByText('Waits to be started.')).toBeVisible();
  });

  await test.step('who may not, sees why; a lead ends it with a reason', async () => {
    const vera = await signedIn(VERA);
    await open(vera, SCHEDULE);
    await expect(vera.getByText('Only leads of this environment change its windows and freezes.').first()).toBeVisible();
    await disclosure(vera, 'End it early').click();
    await expect(vera.getByRole('button', { name: 'End the freeze now' })).toBeDisabled();
    await disclosure(lena, 'End it early').click();
    await lena.getByLabel('Why').fill('The books are closed.');
    await lena.getByRole('button', { name: 'End the freeze now' }).click();
    await expect(lena.getByText('Approved changes start as soon as they are applied.')).toBeVisible();
    await expect(region(lena, 'Freezes')).toContainText('Ended early by Lena Lead');
    await expect(region(lena, 'Freezes')).toContainText('The books are closed.');
  });
  // On Ada's page, without a click.
  await expect(badge(page, 'applied')).toBeVisible({ timeout: 30_000 });
  await expect(region(page, /^Runs$/)).toContainText('succeeded');
});

test('a window of every week tells its next times; what is wrong is told at its field', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 422/);
  const lena = await signedIn(LENA);
  await open(lena, '/settings/schedule/entry?env=production');
  await lena.getByLabel('What it does').selectOption('window');
  await lena.getByLabel(/^Name/).fill('Nights');
  await lena.getByLabel(/^Why/).fill('Few calls.');
  await lena.getByLabel('Every week').check();
  await expect(lena.getByLabel('From')).toBeHidden();
  await lena.getByLabel('Tuesday').check();
  await lena.getByLabel('Sunday').check();
  await lena.getByLabel('Begins at').first().fill('22:30');
  await lena.getByLabel(/^Lasts/).first().fill('1.5');
  await lena.getByRole('combobox', { name: /^Time zone/ }).fill('Mars/Olympus');
  await lena.getByRole('button', { name: 'Save it' }).click();
  await expect(lena.getByText('“Mars/Olympus” is no time zone')).toBeVisible();
  await expect(lena.getByLabel(/^Name/)).toHaveValue('Nights');
  await lena.getByRole('combobox', { name: /^Time zone/ }).fill('Europe/Berlin');
  await lena.getByRole('button', { name: 'Save it' }).click();
  const windows = region(lena, 'Maintenance windows');
  await expect(windows).toContainText('Nights');
  await expect(windows.getByRole('list', { name: 'Next' }).getByRole('listitem')).toHaveCount(3);

  await windows.getByRole('link', { name: 'Change' }).click();
  await expect(lena.getByLabel('Tuesday')).toBeChecked();
  await expect(lena.getByLabel('Begins at').first()).toHaveValue('22:30');
  await lena.getByLabel(/^Name/).fill('Two nights');
  await lena.getByRole('button', { name: 'Save it' }).click();
  await expect(windows).toContainText('Two nights');

  const refused = await (await api(ADA)).post('schedule_entry_remove', { environment: 'production', id: '1', version: '1' });
  expect(refused.status()).toBe(403);
  await test.step('that it goes is proposed, and put in force by two leads', async () => {
    const page = await signedIn(ADA);
    await open(page, SCHEDULE);
    await disclosure(page, 'Propose to remove it').click();
    await page.getByLabel(/^Reason/).fill('Nights are busy by now.');
    await page.getByRole('button', { name: 'Propose it' }).click();
    await expect(region(page, 'Proposed: The maintenance window “Two nights”: removed')).toContainText('Nights are busy by now.');
    await open(lena, '/settings/policy?env=production');
    await lena.getByRole('button', { name: 'Approve it' }).click();
    await expect(region(lena, /^Proposed/)).toContainText('Lena Lead approved it');
    const leo = await signedIn(LEO);
    await open(leo, '/settings/policy?env=production');
    await leo.getByRole('button', { name: 'Put it in force' }).click();
    await expect(region(leo, /^Proposed/)).toHaveCount(0);
  });
  await open(lena, SCHEDULE);
  await expect(windows).toContainText('No window');
});

test('how long approvals hold is set by leads, and ends what is too old', async ({ signedIn, complaints }) => {
  complaints.expect(/status of 422/);
  const lena = await signedIn(LENA);
  await open(lena, SCHEDULE);
  const panel = region(lena, 'How long approvals hold');
  await panel.getByLabel('Hours').fill('0');
  await panel.getByRole('button', { name: 'Set it' }).click();
  await expect(lena.getByRole('alert')).toBeVisible();
  await panel.getByLabel('Hours').fill('48');
  await panel.getByRole('button', { name: 'Set it' }).click();
  await open(lena, '/settings/policy?env=production');
  await expect(lena.getByText('An approval holds for 2 days.')).toBeVisible();
});

test('what is half typed stays as it is while others change the page', async ({ signedIn }) => {
  const lena = await signedIn(LENA);
  await freeze(lena, 'Kept');
  const leo = await signedIn(LEO);
  await open(lena, SCHEDULE);
  const entry = region(lena, 'Freezes').getByRole('listitem').filter({ hasText: 'Kept' });
  await disclosure(entry, 'End it early').click();
  await entry.getByLabel('Why').fill('The books');
  const hoursField = lena.getByLabel('Hours');
  await hoursField.selectText();
  await hoursField.press('7');

  await freeze(leo, 'Another');
  await expect(region(lena, 'Freezes')).toContainText('Another');
  await expect(entry.getByLabel('Why')).toHaveValue('The books');
  await expect(hoursField).toBeFocused();
  await lena.keyboard.press('2');
  await expect(hoursField).toHaveValue('72');
  await entry.getByRole('button', { name: 'End the freeze now' }).click();
  await expect(entry).toContainText('Ended early by Lena Lead');

  const another = region(lena, 'Freezes').getByRole('listitem').filter({ hasText: 'Another' });
  await disclosure(another, 'End it early').click();
  await another.getByLabel('Why').fill('Enough of it');
  await another.getByRole('button', { name: 'End the freeze now' }).click();
  await expect(another).toContainText('Ended early by Lena Lead');
});

test('without JavaScript a freeze is written and ended in plain forms', async ({ signedIn }) => {
  const lena = await signedIn(LENA, { javaScriptEnabled: false });
  await freeze(lena, 'Plain');
  await region(lena, 'Freezes').getByRole('link', { name: 'Change' }).first().click();
  await expect(heading(lena, /^Change “/)).toBeVisible();
  await lena.goto(SCHEDULE);
  await disclosure(lena, 'End it early').click();
  await lena.getByLabel('Why').fill('Enough');
  await lena.getByRole('button', { name: 'End the freeze now' }).click();
  await expect(lena.getByText('Approved changes start as soon as they are applied.')).toBeVisible();
});
