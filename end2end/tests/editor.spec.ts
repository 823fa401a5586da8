import type { Locator, Page } from '@playwright/test';

import { heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, ALMA, LENA } from '../support/people.ts';

test.use({ site: 'editor' });

/** A node as a card of the board. */
function card(page: Page, hostname: string): Locator {
  return page.getByRole('option', { name: new RegExp(`^${hostname.replaceAll('.', '\\.')},`) });
}

/** Whether all that was done is on the server. */
async function saved(page: Page): Promise<void> {
  await expect(page.getByRole('status', { name: 'Saving' })).toContainText('Saved');
}

const said = (page: Page): Locator => page.locator('.said');

test('a node is dragged to another site, a role onto a node; both are undone and done again', async ({ signedIn, api }) => {
  const id = await (await api(ADA)).changeStart('Dragged about');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  const worker = card(page, 'worker-1.example.net');
  await expect(worker).toHaveAccessibleName(/Worker, site dc1, no finding, Infrastructure management, dc1, \d+ of \d+/);
  const target = page.getByRole('listbox', { name: /^Infrastructure management, dc2,/ });
  await worker.dragTo(target);
  await expect(said(page)).toHaveText('Move 1 node to site dc2.');
  await expect(worker).toHaveAccessibleName(/site dc2, changed/);
  await expect(target.getByRole('option', { name: /^worker-1\./ })).toBeVisible();
  await saved(page);

  const chip = page.getByRole('list', { name: 'Roles to drag onto nodes' }).getByText('Queue', { exact: true });
  await chip.dragTo(worker);
  await expect(worker).toHaveAccessibleName(/Worker, Queue/);
  await expect(region(page, /^Plan \(/).getByRole('row').filter({ hasText: 'Install Queue' })).toBeVisible();

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(worker).toHaveAccessibleName(/^worker-1\.example\.net, Worker, site dc1, no finding/);
  await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
  await page.getByRole('button', { name: 'Redo' }).click();
  await expect(worker).toHaveAccessibleName(/site dc2/);
  await saved(page);
  await page.reload();
  await expect(worker).toHaveAccessibleName(/site dc2, changed/);
});

test('many nodes are dragged at once; by touch, they are chosen and moved through the bar', async ({ signedIn, api }) => {
  const id = await (await api(ADA)).changeStart('Many at once');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  const [first, second] = [card(page, 'worker-1.example.net'), card(page, 'queue-1.example.net')];
  await first.click();
  await second.click({ modifiers: ['ControlOrMeta'] });
  await expect(page.getByText('2 nodes are selected.')).toBeVisible();
  await second.dragTo(page.getByRole('listbox', { name: /^Infrastructure management, dc2,/ }));
  await expect(said(page)).toHaveText('Move 2 nodes to site dc2.');
  await expect(first).toHaveAccessibleName(/site dc2, changed/);
  await expect(second).toHaveAccessibleName(/site dc2, changed/);
  await saved(page);

  const phone = await signedIn(ADA, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
  await open(phone, `/changes/${id}/edit`);
  await card(phone, 'worker-1.example.net').tap();
  await phone.getByRole('button', { name: 'Select several' }).tap();
  await card(phone, 'queue-1.example.net').tap();
  await expect(phone.getByText('2 nodes are selected.')).toBeVisible();
  await phone.getByRole('combobox', { name: 'Site' }).fill('dc3');
  await phone.getByRole('button', { name: 'Set site of 2 nodes' }).tap();
  await expect(said(phone)).toHaveText('Move 2 nodes to site dc3.');
  await expect(card(page, 'queue-1.example.net')).toHaveAccessibleName(/site dc3/);
});

test('Escape lets go of what is dragged', async ({ signedIn, api }) => {
  const id = await (await api(ADA)).changeStart('Let go');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  const worker = card(page, 'worker-1.example.net');
  await worker.hover();
  await page.mouse.down();
  const target = page.getByRole('listbox', { name: /^Storage, dc2,/ });
  await target.hover();
  await target.hover();
  await expect(page.locator('[data-over]')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(page.locator('[data-over]')).toHaveCount(0);
  await page.mouse.up();
  await expect(worker).toHaveAccessibleName(/site dc1, no finding/);
});

test('a finding leads to its node, and its fix is one click that can be undone', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('To be mended');
  await ada.changeEdit(id, 'add-group', { name: 'ag-empty' });
  await ada.changeEdit(id, 'add-node', { hostname: 'idle-1.example.net', private_ip: '10.77.4.1' });
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  const findings = region(page, 'Findings');
  await findings.getByRole('button', { name: 'idle-1.example.net', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'idle-1.example.net' })).toBeVisible();
  await expect(card(page, 'idle-1.example.net')).toBeFocused();
  const empty = findings.getByRole('listitem').filter({ has: page.getByRole('button', { name: 'ag-empty', exact: true }) });
  await empty.getByRole('list', { name: 'Fixes' }).getByRole('button').first().click();
  await expect(empty).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await expect(empty).toHaveCount(1);
  await saved(page);
});

test('the table: sorted, filtered, edited in place, in bulk, and pasted', async ({ signedIn, api }) => {
  const id = await (await api(ADA)).changeStart('In rows');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit?view=table`);
  const grid = page.getByRole('grid');
  await page.getByRole('searchbox', { name: 'Filter Roles' }).fill('sql');
  await expect(grid.getByRole('row').filter({ hasText: 'example.net' })).toHaveCount(4);
  await grid.getByRole('button', { name: 'Hostname' }).click();
  await expect(grid.getByRole('row').filter({ hasText: 'example.net' }).first()).toContainText('sql-4');

  const site = grid.locator('[id="cell-site-sql-4.example.net"]');
  await site.dblclick();
  await site.getByRole('textbox').fill('dc9');
  await page.keyboard.press('Enter');
  await expect(site).toHaveText('dc9');
  const memory = grid.locator('[id="cell-memory_mib-sql-4.example.net"]');
  await memory.focus();
  await page.keyboard.press('F2');
  await memory.getByRole('textbox').fill('a lot');
  await page.keyboard.press('Enter');
  await expect(said(page)).toContainText('a lot');
  await expect(memory.getByRole('textbox')).toHaveAttribute('aria-invalid', 'true');
  await page.keyboard.press('Escape');
  await expect(memory.getByRole('textbox')).toHaveCount(0);

  await page.getByRole('searchbox', { name: 'Search nodes' }).fill('worker');
  await page.getByRole('searchbox', { name: 'Filter Roles' }).fill('');
  await page.getByRole('button', { name: 'Select all found' }).click();
  await page.getByRole('combobox', { name: 'Site' }).fill('dc7');
  await page.getByRole('button', { name: /^Set site of 2 nodes$/ }).click();
  await expect(said(page)).toHaveText('Move 2 nodes to site dc7.');

  const rows = ['hostname\tprivate ip\tsite\troles', 'pasted-1.example.net\t10.77.5.1\tdc1\tworker', 'pasted-2.example.net\tnowhere\tdc1\t'];
  await page.getByRole('region', { name: 'Table of nodes' }).focus();
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData('text/plain', text);
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, rows.join('\n'));
  const dialog = page.getByRole('alertdialog', { name: 'Paste' });
  await expect(dialog).toContainText('1 new and 0 updated');
  await expect(dialog).toContainText('Line 3, Private address');
  await dialog.getByRole('button', { name: 'Take 1 new and 0 updated' }).click();
  await page.getByRole('searchbox', { name: 'Search nodes' }).fill('pasted');
  await expect(grid.getByRole('row').filter({ hasText: 'pasted-1.example.net' })).toBeVisible();
  await saved(page);
});

test('the text: faults by line, and the smallest list of edits', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('In writing');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit?view=text`);
  const area = page.getByRole('textbox', { name: 'The draft as a topology file' });
  const text = await area.inputValue();
  expect(text).toContain('worker-1.example.net');
  const line = text.split('\n').findIndex((one) => one.includes('worker-1.example.net')) + 1;
  const inside = ' '.repeat(/^([ -]*)hostname: worker-1\.example\.net$/m.exec(text)?.[1]?.length ?? 0);
  await area.fill(text.replace('hostname: worker-1.example.net\n', `hostname: worker-1.example.net\n${inside}colour: blue\n`));
  await expect(page.getByRole('alert')).toContainText(new RegExp(`line ${line + 1}, column \\d+.*colour`));
  await page.getByRole('button', { name: 'Go there' }).click();
  await expect(area).toBeFocused();
  const before = await area.evaluate((element: HTMLTextAreaElement) => element.value.slice(0, element.selectionStart).split('\n').length);
  expect(before).toBe(line + 1);
  await expect(page.getByRole('button', { name: 'Apply the text' })).toBeDisabled();
  await area.fill(text.replace('worker-1.example.net', 'worker-one.example.net'));
  await expect(page.getByText(/differs from the draft in \d+ edit/)).toBeVisible();
  await page.getByRole('button', { name: 'Apply the text' }).click();
  await saved(page);
  await page.getByRole('button', { name: 'Board' }).click();
  await expect(card(page, 'worker-one.example.net')).toBeVisible();
});

test('two admins on one draft see each other’s edits; the same thing set twice is returned with its reason', async ({ signedIn, api, complaints }) => {
  complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  const id = await (await api(ADA)).changeStart('By two people');
  const ada = await signedIn(ADA);
  const alma = await signedIn(ALMA);
  await open(ada, `/changes/${id}/edit?node=worker-1.example.net`);
  await open(alma, `/changes/${id}/edit?node=worker-1.example.net`);
  await ada.getByLabel('Site', { exact: true }).nth(1).fill('dc5');
  await ada.getByRole('button', { name: 'Update node' }).click();
  await expect(said(alma)).toContainText(`${ADA.name}: Update node worker-1.example.net`);
  await expect(card(alma, 'worker-1.example.net')).toHaveAccessibleName(/site dc5/);

  await test.step('other fields of the same node, at the same time: both stay', async () => {
    await ada.context().setOffline(true);
    await ada.getByRole('button', { name: 'Select none' }).click();
    await card(ada, 'worker-1.example.net').click();
    await ada.getByRole('combobox', { name: 'Site' }).fill('dc6');
    await ada.getByRole('button', { name: 'Set site of 1 node' }).click();
    await expect(ada.getByRole('status', { name: 'Saving' })).toContainText('Offline, 1 act waits');
    await alma.getByLabel('vCPUs').fill('24');
    await alma.getByRole('button', { name: 'Update node' }).click();
    await saved(alma);
    await ada.context().setOffline(false);
    await saved(ada);
    await expect(card(alma, 'worker-1.example.net')).toHaveAccessibleName(/site dc6/);
    await expect(ada.getByLabel('vCPUs')).toHaveValue('24');
  });

  await test.step('the same field: the second is returned, and can be done all the same', async () => {
    await ada.context().setOffline(true);
    await ada.getByRole('combobox', { name: 'Site' }).fill('mine');
    await ada.getByRole('button', { name: 'Set site of 1 node' }).click();
    await alma.getByLabel('Site', { exact: true }).nth(1).fill('hers');
    await alma.getByRole('button', { name: 'Update node' }).click();
    await saved(alma);
    await ada.context().setOffline(false);
    const returned = region(ada, 'Returned to you');
    await expect(returned).toContainText('The site of worker-1.example.net was set to hers meanwhile.');
    await expect(ada.getByRole('status', { name: 'Saving' })).toContainText('Conflict');
    await expect(card(ada, 'worker-1.example.net')).toHaveAccessibleName(/site hers/);
    await returned.getByRole('button', { name: 'Do it all the same' }).click();
    await expect(card(alma, 'worker-1.example.net')).toHaveAccessibleName(/site mine/);
    await saved(ada);
  });
});

test('without the network acts wait, a closed tab warns, and all is sent when it is back', async ({ signedIn, api, complaints }) => {
  complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  const ada = await api(ADA);
  const id = await ada.changeStart('On a train');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await page.context().setOffline(true);
  for (const name of ['one', 'two', 'three']) {
    await page.getByRole('region', { name: 'Availability groups' }).getByLabel('New group').fill(`ag-${name}`);
    await page.getByRole('button', { name: 'Add group' }).click();
  }
  await expect(page.getByRole('status', { name: 'Saving' })).toContainText('Offline, 3 acts wait');
  await page.keyboard.press('Control+z');
  const asked = page.waitForEvent('dialog');
  void page.close({ runBeforeUnload: true });
  await (await asked).dismiss();
  await page.context().setOffline(false);
  await saved(page);
  expect((await ada.changeLoad(id)).edits).toHaveLength(4);
});

test('the base moved: the draft follows edit by edit, and a conflict is decided on', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('Left behind');
  await ada.changeEdit(id, 'add-group', { name: 'ag-behind' });
  await ada.changeEdit(id, 'unassign-role', { hostname: 'worker-2.example.net', role: 'worker' });
  const other = await ada.changeStart('Ahead');
  await ada.changeEdit(other, 'update-settings', { hostname: 'worker-2.example.net', role: 'worker', 'settings[concurrency]': '9' });
  await ada.submit(other);
  await (await api(LENA)).approve(other);
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await ada.apply(other);
  const stale = region(page, 'Stale');
  await expect(stale).toContainText('went live since');
  await stale.getByRole('button', { name: 'Move it' }).click();
  const conflict = stale.getByRole('group', { name: /Unassign Worker from worker-2/ });
  await expect(conflict).toContainText('was changed meanwhile');
  await expect(stale.getByRole('button', { name: 'Move it with these decisions' })).toBeDisabled();
  await conflict.getByRole('radio', { name: 'Drop it' }).check();
  await stale.getByRole('button', { name: 'Move it with these decisions' }).click();
  await expect(stale).toBeHidden();
  await expect(card(page, 'worker-2.example.net')).toHaveAccessibleName(/Worker, .*no finding/);
  await expect(page.getByRole('region', { name: 'Availability groups' })).toContainText('ag-behind');
});

test('by keyboard: from card to card, select, remove, undo, and the list of keys', async ({ signedIn, api }) => {
  const id = await (await api(ADA)).changeStart('By keys');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await expect(help).toContainText('Ctrl+Z');
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  const cards = page.locator('.card');
  await cards.first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator(':focus')).toHaveRole('option');
  await page.keyboard.press('Home');
  await expect(cards.first()).toBeFocused();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await expect(page.getByText('2 nodes are selected.')).toBeVisible();
  const count = await cards.count();
  await page.keyboard.press('Delete');
  await expect(said(page)).toHaveText('Remove 2 nodes.');
  // What goes stays on the board, struck through.
  await expect(cards).toHaveCount(count);
  await expect(page.locator('.card[data-mark="removed"]')).toHaveCount(2);
  await page.keyboard.press('Control+z');
  await expect(page.locator('.card[data-mark="removed"]')).toHaveCount(0);
  await page.keyboard.press('2');
  await expect(page.getByRole('grid')).toBeVisible();
  await page.keyboard.press('n');
  await expect(region(page, 'Add a node').getByLabel('Hostname')).toBeFocused();
  await expect(heading(page, /By keys/)).toBeVisible();
});

test('hostile names break nothing and run nothing', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('<img src=x onerror="document.title=1">');
  const long = `${`${'a'.repeat(62)}.`.repeat(4)}`.slice(0, 199).replace(/\.$/, '');
  const html = '<script>document.title="run"</script>';
  await ada.changeEdit(id, 'add-node', { hostname: long, private_ip: '10.77.6.1', site: html });
  await ada.changeEdit(id, 'add-node', { hostname: 'rtl.example.net', private_ip: '10.77.6.2', site: 'مركز البيانات' });
  await ada.changeEdit(id, 'add-group', { name: html });
  const page = await signedIn(ADA);
  for (const view of ['board', 'table', 'text']) {
    await open(page, `/changes/${id}/edit?view=${view}`);
    await expect(page.getByRole('button', { name: view.replace(/^./, (letter) => letter.toUpperCase()), exact: true })).toHaveAttribute('aria-pressed', 'true');
    await expect(page).toHaveTitle(/^Edit #/);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `${view} is no wider than the page`).toBeLessThanOrEqual(0);
  }
});

test('a hundred roles and five hundred groups: each view is drawn, leads to everything, and runs nothing', async ({ strata, sessions, signedIn }) => {
  test.setTimeout(180_000);
  const group = (number: number): string => (number === 7 ? '<b onmouseover="document.title=1">ag-7</b>' : `ag-${number}`);
  const nodes = Array.from({ length: 1_000 }, (_, place) => {
    const [number, address] = [place % 500, `10.${80 + Math.floor(place / 200)}.0.${(place % 200) + 1}`];
    return `- hostname: ddb-${place}.example.net\n  private_ip: ${address}\n  roles: [{ role: distributed-database, availability_group: ${JSON.stringify(group(number))} }]`;
  });
  const groups = JSON.stringify(Array.from({ length: 500 }, (_, number) => group(number)));
  await strata.importTopology('crowded', `version: 1\nenvironment: crowded\navailability_groups: ${groups}\nnodes:\n${nodes.join('\n')}\n`);
  const crowd = { email: 'crowd@example.net', name: '<i>Crowd</i>' };
  await strata.addPerson({ ...crowd, capabilities: ['admin'], environment: 'crowded' });
  const api = await sessions.api(crowd);
  for (let number = 11; number <= 100; number += 1) {
    const role = { id: `role-${number}`, name: `<script>Role ${number}</script>`, layer: 'storage', network: 'private-only', min: '0', growth: 'free' };
    const fields = Object.fromEntries(Object.entries(role).map(([name, value]) => [`form[${name}]`, value]));
    const taken = await api.post('role_save', { environment: 'crowded', version: `${number - 10}`, ...fields });
    expect(taken.status(), await taken.text()).toBeLessThan(400);
  }
  const id = await api.changeStart('<svg onload="document.title=1">', 'crowded');
  const page = await signedIn(crowd);
  for (const [view, cells] of [['view=board&by=site', 1], ['view=board&by=group', 500], ['view=board&by=role', 100], ['view=table', 0], ['view=text', 0]] as const) {
    await open(page, `/changes/${id}/edit?${view}`);
    await expect(page.locator('.workbench-view')).toContainText(view === 'view=text' ? /draft says/ : /ddb-0|Show 2/);
    await expect(page).toHaveTitle(/^Edit #/);
    expect(await page.locator('.board-cell').count(), view).toBeGreaterThanOrEqual(cells);
    expect(await page.locator('.card').count(), view).toBeLessThanOrEqual(300);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `${view} is no wider than the page`).toBeLessThanOrEqual(0);
  }

  await test.step('a column without room for a card leads to its nodes all the same', async () => {
    await open(page, `/changes/${id}/edit?view=board&by=group`);
    const column = page.locator('.board-cell').filter({ has: page.getByRole('button', { name: /^ag-42 / }) });
    await column.getByRole('button', { name: 'Show 2' }).click();
    await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toHaveValue('group:ag-42 layer:storage');
    await expect(page.locator('.card')).toHaveCount(2);
    await page.locator('.card').first().focus();
    await page.keyboard.press('ArrowDown');
    await expect(page.locator('.card').nth(1)).toBeFocused();
  });

  await test.step('folded, all of it fits', async () => {
    await page.getByRole('searchbox', { name: 'Search nodes' }).fill('');
    await page.getByLabel('Columns').selectOption('Role');
    await page.getByRole('button', { name: 'Fold all' }).click();
    await expect(page.locator('.card:visible')).toHaveCount(0);
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    await page.getByRole('button', { name: 'Board', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Unfold all' })).toBeVisible();
    await page.getByRole('button', { name: 'Unfold all' }).click();
    await expect(page.locator('.card:visible').first()).toBeVisible();
  });
});

test('place, order and filters stay while other views are looked at; the table is walked by keys', async ({ signedIn, api }) => {
  const id = await (await api(ADA)).changeStart('Back and forth');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await card(page, 'sql-3.example.net').click();
  await page.keyboard.press('2');
  const cell = (column: string, hostname: string): Locator => page.locator(`[id="cell-${column}-${hostname}"]`);
  await expect(cell('hostname', 'sql-3.example.net')).toBeFocused();
  await page.keyboard.press('End');
  await expect(cell('roles', 'sql-3.example.net')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(cell('roles', 'sql-4.example.net')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(cell('hostname', 'sql-4.example.net')).toBeFocused();
  await page.keyboard.press('ControlOrMeta+Home');
  await expect(page.locator('td[data-column="hostname"]').first()).toBeFocused();
  await expect(page.locator('td[tabindex="0"]')).toHaveCount(1);
  await page.keyboard.press('ControlOrMeta+End');
  await expect(page.locator('td[data-column="roles"]').last()).toBeFocused();
  await expect(page.locator('tr[aria-rowindex]').last()).toHaveAttribute('aria-rowindex', /^4\d$/);

  await page.getByRole('grid').getByRole('button', { name: 'Site' }).click();
  await page.getByRole('searchbox', { name: 'Filter Roles' }).fill('sql');
  await cell('memory_mib', 'sql-4.example.net').dblclick();
  await cell('memory_mib', 'sql-4.example.net').getByRole('textbox').fill('plenty');
  await page.keyboard.press('Enter');
  const field = cell('memory_mib', 'sql-4.example.net').getByRole('textbox');
  await expect(field).toHaveAccessibleDescription(/plenty/);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Text', exact: true }).click();
  const area = page.getByRole('textbox', { name: 'The draft as a topology file' });
  await expect.poll(async () => area.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await expect(page.getByRole('searchbox', { name: 'Filter Roles' })).toHaveValue('sql');
  await expect(page.getByRole('columnheader', { name: 'Site' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(cell('hostname', 'sql-4.example.net')).toBeVisible();
});

test('what is typed into the panel stays while others change the node and its groups', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('Typing beside others');
  const page = await signedIn(ALMA);
  await open(page, `/changes/${id}/edit?node=worker-1.example.net`);
  const memory = page.getByRole('form', { name: 'Update node' }).getByLabel('Memory');
  await memory.fill('4321');
  await ada.changeEdit(id, 'add-group', { name: 'ag-beside' });
  await ada.changeEdit(id, 'update-settings', { hostname: 'worker-1.example.net', role: 'worker', 'settings[concurrency]': '7' });
  await expect(page.getByLabel('Tasks at once')).toHaveValue('7');
  await expect(memory).toHaveValue('4321');
  await page.getByRole('button', { name: 'Update node' }).click();
  await saved(page);
  await expect(memory).toHaveValue('4321');
});

test('while acts wait for the network, a link asks before it leads away', async ({ signedIn, api, complaints }) => {
  complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  const id = await (await api(ADA)).changeStart('Not so fast');
  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await page.context().setOffline(true);
  await page.keyboard.press('g');
  await page.keyboard.type('ag-waiting');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status', { name: 'Saving' })).toContainText('Offline, 1 act waits');
  await page.getByRole('link', { name: 'Role map' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave the editor?' });
  await expect(dialog).toContainText('1 act is not saved yet.');
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await expect(page).toHaveURL(/\/edit/);
  await page.context().setOffline(false);
  await saved(page);
  await page.getByRole('link', { name: 'Role map' }).click();
  await expect(page).not.toHaveURL(/\/edit/);
});
