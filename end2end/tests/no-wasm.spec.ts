import type { Page } from '@playwright/test';

import { account, badge, disclosure, heading, navigation, region, signIn } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA, type Person, VERA } from '../support/people.ts';

test.use({ site: 'no-wasm' });

const NODE = 'worker-plain.example.net';
const TITLE = 'Written in plain forms';

test('wasm that does not arrive: map, list, review, run and history can be read', async ({ signedIn, api, complaints }) => {
  complaints.expect(/\.wasm|Failed to fetch|ERR_FAILED/);
  const ada = await api(ADA);
  const lena = await api(LENA);
  const id = await ada.draft('Read without wasm', { hostname: 'worker-read.example.net', address: '10.77.3.1' });
  await ada.submit(id);
  await lena.approve(id);
  const { run, revision } = await ada.apply(id);

  const page = await signedIn(VERA);
  await page.route('**/*.wasm', (route) => route.abort());
  await readEverything(page, { id, run, revision, title: 'Read without wasm', node: 'worker-read.example.net' });
  await expect(page.locator('body')).not.toHaveAttribute('data-hydrated');
});

test('no JavaScript: the whole story in plain forms', async ({ visitor, api }) => {
  const options = { javaScriptEnabled: false };
  const ada = await visitor(options);
  await ada.goto('/');
  await expect(ada).toHaveURL(/\/sign-in/);
  await signIn(ada, ADA, 'not the password');
  await expect(ada.getByText('No account has this e-mail with this password.')).toBeVisible();
  await arrive(ada, ADA);

  await ada.getByRole('link', { name: 'Change it' }).click();
  await ada.getByLabel('What for').fill(TITLE);
  await ada.getByRole('button', { name: 'Start from live' }).click();
  await expect(heading(ada, TITLE)).toBeVisible();
  const id = Number(/\/changes\/(\d+)\/edit/.exec(ada.url())?.[1]);

  const form = ada.getByRole('region', { name: 'Add a node' });
  await form.getByLabel('Hostname').fill(NODE);
  await form.getByLabel('Private address').fill('no address');
  await form.getByRole('button', { name: 'Add node' }).click();
  await expect(ada.getByText(/"no address" is not an IPv4 or IPv6 address/)).toBeVisible();
  await form.getByLabel('Hostname').fill(NODE);
  await form.getByLabel('Private address').fill('10.77.3.2');
  await form.getByRole('button', { name: 'Add node' }).click();
  await expect(ada.getByRole('heading', { level: 2, name: NODE })).toBeVisible();
  await expect(ada.getByRole('alert')).toHaveCount(0);
  await disclosure(ada, 'Assign a role').click();
  await ada.getByRole('form', { name: 'Assign Worker' }).getByLabel('Tasks at once').fill('8');
  await ada.getByRole('button', { name: 'Assign Worker' }).click();
  const settings = ada.getByRole('form', { name: 'Settings of Worker' });
  await expect(settings.getByLabel('Tasks at once')).toHaveValue('8');

  await ada.getByRole('link', { name: 'Review and submit' }).click();
  await ada.getByRole('button', { name: 'Submit for review' }).click();
  await expect(badge(ada, 'in review')).toBeVisible();

  const lena = await visitor(options);
  await lena.goto(`/changes/${id}`);
  await signIn(lena, LENA);
  await expect(heading(lena, TITLE)).toBeVisible();
  await lena.getByRole('button', { name: 'Approve' }).click();
  await expect(region(lena, 'Decision')).toContainText('1 of 1 lead');

  await ada.reload();
  await ada.getByRole('button', { name: 'Apply' }).click();
  await expect(heading(ada, /^Run \d+/)).toBeVisible();
  const run = Number(/\/runs\/(\d+)/.exec(ada.url())?.[1]);
  const revision = await (await api(ADA)).runEnds(run);
  await readEverything(ada, { id, run, revision, title: TITLE, node: NODE });

  await account(ada, ADA).click();
  await ada.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(heading(ada, 'Sign in')).toBeVisible();
});

test('no JavaScript: who edits second is told who was first', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Edited behind a page', { hostname: 'worker-behind.example.net', address: '10.77.3.3' });
  const page = await signedIn(ADA, { javaScriptEnabled: false });
  await page.goto(`/changes/${id}`);
  await ada.changeEdit(id, 'add-group', { name: 'ag-behind' });
  await page.getByRole('button', { name: 'Submit for review' }).click();
  await expect(page.getByText(/edited the change (just now|\d+ seconds? ago)\. Look again before you go on\./)).toBeVisible();
  expect((await ada.changeLoad(id)).change.state).toBe('draft');
});

interface Done {
  id: number;
  run: number;
  revision: number;
  title: string;
  node: string;
}

/** Reads every page that has to be readable, by its links. */
async function readEverything(page: Page, { id, run, revision, title, node }: Done): Promise<void> {
  await page.goto('/');
  for (const layer of ['Functionality', 'Infrastructure management', 'Storage']) {
    await expect(region(page, layer)).toBeVisible();
  }
  await region(page, 'Infrastructure management').getByRole('link', { name: 'Worker' }).click();
  await expect(region(page, 'Worker').getByRole('listitem').filter({ hasText: node })).toBeVisible();
  await page.getByRole('link', { name: 'List', exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Distributed Database' })).toContainText('Storage');

  await navigation(page).getByRole('link', { name: 'Changes' }).click();
  await page.getByRole('link', { name: title }).click();
  await expect(page).toHaveURL(new RegExp(`/changes/${id}$`));
  await expect(badge(page, 'applied')).toBeVisible();
  await expect(region(page, 'Votes')).toContainText(LENA.name);
  await expect(region(page, 'Timeline').getByRole('row').filter({ hasText: 'approved the change' })).toBeVisible();

  await navigation(page).getByRole('link', { name: 'Runs' }).click();
  await page.getByRole('link', { name: `Run ${run}`, exact: true }).click();
  await expect(heading(page, `Run ${run}`)).toContainText('succeeded');
  await expect(page.getByText('This is a dry run.')).toBeVisible();
  await expect(region(page, /^Log/).getByRole('listitem')).not.toHaveCount(0);

  await navigation(page).getByRole('link', { name: 'History' }).click();
  await page.getByRole('link', { name: `Revision ${revision}` }).click();
  await expect(region(page, 'How it came to be')).toContainText(LENA.name);
  await navigation(page).getByRole('link', { name: 'Audit' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'approved the change' }).first()).toBeVisible();
}

/** Signs in and waits for the role map. */
async function arrive(page: Page, person: Person): Promise<void> {
  await signIn(page, person);
  await expect(heading(page, /^Role map/)).toBeVisible();
}
