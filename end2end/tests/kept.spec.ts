/** Nothing that a person did in the editor is lost in silence: not to a server that refuses it, not to a backup. */

import type { Locator, Page } from '@playwright/test';

import { open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA } from '../support/people.ts';
import { Postgres } from '../support/postgres.ts';
import { StrataServer } from '../support/server.ts';
import { Sessions } from '../support/sessions.ts';

test.use({ site: 'kept' });

const saving = (page: Page): Locator => page.getByRole('status', { name: 'Saving' });
const returned = (page: Page): Locator => region(page, 'Returned to you');

async function addGroup(page: Page, name: string): Promise<void> {
  await region(page, 'Availability groups').getByLabel('New group').fill(name);
  await page.getByRole('button', { name: 'Add group' }).click();
}

for (const [what, status, body] of [
  ['that the server refuses', 422, { kind: 'invalid', field: 'edits', message: 'This cannot be taken.' }],
  ['on which the server fails', 500, { kind: 'unexpected', id: '00000000-0000-0000-0000-000000000000' }],
] as const) {
  test(`a batch ${what} goes back to its author, holds nothing up, and outlives the page`, async ({ signedIn, api, complaints }) => {
    complaints.expect(new RegExp(`status of ${status}`));
    const ada = await api(ADA);
    const id = await ada.changeStart(`A batch ${what}`);
    const page = await signedIn(ADA);
    await page.route('**/api/draft_append', async (route) => {
      if (route.request().postData()?.includes('ag-refused')) {
        await route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });
      } else {
        await route.fallback();
      }
    });
    await open(page, `/changes/${id}/edit`);
    await addGroup(page, 'ag-refused');
    await addGroup(page, 'ag-behind');
    await expect(returned(page)).toContainText('ag-refused');
    await expect.poll(async () => (await ada.changeLoad(id)).edits.length, { message: 'what comes after it is taken' }).toBe(1);

    await page.reload();
    await expect(returned(page)).toContainText('ag-refused');
    await page.unroute('**/api/draft_append');
    if (status === 500) {
      await returned(page).getByRole('button', { name: 'Do it all the same' }).click();
      await expect(saving(page)).toContainText('Saved');
      expect((await ada.changeLoad(id)).edits).toHaveLength(2);
    } else {
      await returned(page).getByRole('button', { name: 'Drop it' }).click();
      await expect(saving(page)).toContainText('Saved');
      expect((await ada.changeLoad(id)).edits).toHaveLength(1);
    }
    await page.reload();
    await expect(saving(page)).toContainText('Saved');
    await expect(returned(page)).toBeHidden();
  });
}

async function paste(page: Page, text: string): Promise<Locator> {
  await page.getByRole('region', { name: 'Table of nodes' }).focus();
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
  const dialog = page.getByRole('alertdialog', { name: 'Paste' });
  await expect(dialog).toBeVisible();
  return dialog;
}

test('of an act of several edits that comes back, each is told', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 422/);
  const id = await (await api(ADA)).changeStart('Pasted and refused');
  const page = await signedIn(ADA);
  await page.route('**/api/draft_append', async (route) => {
    await route.fulfill({ status: 422, json: { kind: 'invalid', field: 'edits', message: 'This cannot be taken.' } });
  });
  await open(page, `/changes/${id}/edit?view=table`);
  const dialog = await paste(page, 'hostname\tprivate ip\nworker-7.example.net\t10.0.7.1\nworker-8.example.net\t10.0.7.2');
  await dialog.getByRole('button', { name: /^Take/ }).click();
  await returned(page).getByText('2 edits').click();
  await expect(returned(page)).toContainText('worker-7.example.net');
  await expect(returned(page)).toContainText('worker-8.example.net');
  await returned(page).getByRole('button', { name: 'Drop it' }).click();
  await expect(returned(page)).toBeHidden();
});

test('a cell with U+0000 in it, pasted, stops nothing that comes after it', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of (422|500)/);
  const ada = await api(ADA);
  const id = await ada.changeStart('Pasted from somewhere');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit?view=table`);
  const dialog = await paste(page, 'hostname\tprivate ip\tsite\troles\nworker-1.example.net\t10.0.0.31\tdc\u00001\tworker');
  const take = dialog.getByRole('button', { name: /^Take/ });
  if ((await take.count()) > 0 && (await take.isEnabled())) {
    await take.click();
  } else {
    await page.keyboard.press('Escape');
  }
  await addGroup(page, 'ag-after');
  await expect.poll(async () => JSON.stringify((await ada.changeLoad(id)).edits)).toContain('ag-after');
  await expect(saving(page)).toContainText(/Saved|Conflict/);
  expect(JSON.stringify((await ada.changeLoad(id)).edits)).not.toContain('\\u0000');
});

test('what is on its way when the page is loaded again is there after it', async ({ signedIn, api, complaints }) => {
  complaints.expect(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
  const ada = await api(ADA);
  const id = await ada.changeStart('Loaded again');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await page.route('**/api/draft_append', (route) => route.abort());
  await addGroup(page, 'ag-unsent');
  await expect(saving(page)).toContainText('Offline, 1 act waits');
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await page.unroute('**/api/draft_append');
  await expect(returned(page)).toContainText('It was not saved yet when the page was left.');
  await returned(page).getByRole('button', { name: 'Do it all the same' }).click();
  await expect(saving(page)).toContainText('Saved');
  expect((await ada.changeLoad(id)).edits).toHaveLength(1);
});

test('an open editor over a server that was set back to a backup keeps its acts, and says so', async ({ browser, complaints }) => {
  test.setTimeout(180_000);
  complaints.expect(/status of (401|503)|\/events|ERR_/);
  const postgres = new Postgres();
  await postgres.start();
  const strata = await StrataServer.start('restored', { DATABASE_URL: postgres.url });
  const sessions = new Sessions(strata.address);
  try {
    const ada = await sessions.api(ADA);
    const id = await ada.changeStart('Over a backup');
    const context = await browser.newContext({ baseURL: strata.address, storageState: await sessions.of(ADA) });
    complaints.listen(context);
    const page = await context.newPage();
    await open(page, `/changes/${id}/edit`);
    await addGroup(page, 'ag-before');
    await expect(saving(page)).toContainText('Saved');
    await postgres.stop();
    postgres.backUp();
    await postgres.start();
    const there = async (): Promise<number> => (await ada.changeLoad(id)).edits.length;
    await expect(async () => expect(await there()).toBe(1)).toPass({ timeout: 60_000 });

    await addGroup(page, 'ag-lost');
    await expect(saving(page)).toContainText('Saved', { timeout: 60_000 });
    expect(await there()).toBe(2);
    let read = 0;
    page.on('request', (request) => (read += /\/api\/draft_(load|tail|append)/.test(request.url()) ? 1 : 0));
    await postgres.stop();
    postgres.restore();
    await postgres.start();
    // The news after the outage lead there, with no hand on the page.
    await expect(returned(page)).toContainText('ag-lost', { timeout: 90_000 });
    await expect(returned(page)).toContainText('The server was set back to an earlier state');
    await expect(page.locator('.said')).toContainText('The server was set back: this draft is not the one you worked on.');
    await expect(saving(page)).not.toContainText('Saved');
    expect(read, 'no loop').toBeLessThan(30);

    // Everything goes on from there.
    await returned(page).getByRole('button', { name: 'Do it all the same' }).click();
    await addGroup(page, 'ag-new');
    await expect(saving(page)).toContainText('Saved');
    expect(await there()).toBe(3);
    await context.close();
  } finally {
    await sessions.dispose();
    await strata.stop();
    await postgres.remove();
  }
});
