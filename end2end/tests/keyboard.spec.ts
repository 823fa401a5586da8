import type { Page } from '@playwright/test';

import { account, badge, disclosure, heading, navigation, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { press, tabTo, type } from '../support/keyboard.ts';
import { ADA, LENA, PASSWORD, type Person } from '../support/people.ts';

test.use({ site: 'keyboard' });

const TITLE = 'Written without a mouse';
const NODE = 'worker-keys.example.net';

test('the whole story by keyboard alone', async ({ visitor }) => {
  test.setTimeout(120_000);
  const ada = await visitor();
  await signInByKeyboard(ada, ADA);
  await press(ada, region(ada, 'Infrastructure management').getByRole('link', { name: 'Worker' }));
  await expect(region(ada, 'Worker').getByRole('heading', { name: /^Instances/ })).toBeVisible();
  await press(ada, ada.getByRole('link', { name: 'Change it' }));
  await type(ada, ada.getByLabel('What for'), TITLE);
  await ada.keyboard.press('Enter');
  await expect(heading(ada, TITLE)).toBeVisible();

  const form = ada.getByRole('region', { name: 'Add a node' });
  await press(ada, ada.getByRole('button', { name: 'Add a node' }));
  await type(ada, form.getByLabel('Hostname'), NODE);
  await type(ada, form.getByLabel('Private address'), '10.77.2.1');
  await press(ada, form.getByRole('button', { name: 'Add node' }));
  await expect(ada.getByRole('heading', { level: 2, name: NODE })).toBeVisible();
  await press(ada, disclosure(ada, 'Assign a role'));
  await press(ada, ada.getByRole('button', { name: 'Assign Worker' }));
  await expect(ada.getByRole('form', { name: 'Settings of Worker' })).toBeVisible();
  await press(ada, ada.getByRole('link', { name: 'Review and submit' }));
  await press(ada, ada.getByRole('button', { name: 'Submit for review' }));
  await expect(badge(ada, 'in review')).toBeVisible();

  const lena = await visitor();
  await signInByKeyboard(lena, LENA);
  await press(lena, navigation(lena).getByRole('link', { name: 'Changes' }));
  await press(lena, lena.getByRole('link', { name: TITLE }));
  await press(lena, lena.getByRole('button', { name: 'Approve' }));
  await expect(region(lena, 'Decision')).toContainText('1 of 1 lead');

  await press(ada, ada.getByRole('button', { name: 'Apply' }));
  await expect(heading(ada, /^Run \d+/)).toContainText('succeeded', { timeout: 30_000 });
  await press(ada, ada.getByRole('link', { name: 'revision 2' }));
  await expect(region(ada, 'How it came to be')).toContainText(LENA.name);

  await press(ada, account(ada, ADA));
  await press(ada, ada.getByRole('button', { name: 'Sign out', exact: true }));
  await expect(heading(ada, 'Sign in')).toBeVisible();
});

test('the first stop leads past the header to the content', async ({ signedIn }) => {
  const page = await signedIn(ADA);
  await open(page, '/');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  const inMain = await page.getByRole('main').evaluate((main) => main.contains(document.activeElement));
  expect(inMain).toBe(true);
});

test('every stop of the editor can be seen and has a name', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Walked through', { hostname: 'worker-walk.example.net', address: '10.77.2.2' });
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit?node=worker-walk.example.net`);
  const last = page.getByRole('button', { name: 'Remove node and its 1 role' });
  await tabTo(page, page.getByRole('searchbox', { name: 'Search' }));
  const names: string[] = [];
  for (let stop = 0; stop < 150; stop += 1) {
    const focused = page.locator(':focus');
    // A part that scrolls is a stop, too, and is named by its label.
    await expect(focused, `stop ${stop} after ${names.at(-1)}`).toHaveAccessibleName(/./);
    names.push((await focused.getAttribute('name')) ?? (await focused.textContent()) ?? '');
    if (await last.evaluate((element) => element === document.activeElement)) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`the last button was not reached, but: ${names.join(', ')}`);
});

async function signInByKeyboard(page: Page, person: Person): Promise<void> {
  await open(page, '/');
  await type(page, page.getByLabel('E-mail'), person.email);
  await type(page, page.getByLabel('Password'), PASSWORD);
  await page.keyboard.press('Enter');
  await expect(heading(page, /^Role map/)).toBeVisible();
}
