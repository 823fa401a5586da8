import { disclosure, heading, hydrated, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, VERA } from '../support/people.ts';

test.use({ site: 'catalogue' });

test('an eleventh role made in the page gets its rules, its plan steps and its place on the map', async ({ signedIn, api, complaints }) => {
  test.setTimeout(120_000);
  complaints.expect(/status of 40[39]/);
  const page = await signedIn(ADA);

  await test.step('Ada adds the role', async () => {
    await open(page, '/catalogue?env=production');
    await expect(page.getByText('Version 1, 10 roles, 0 of them its own')).toBeVisible();
    await page.getByRole('link', { name: 'Add a role' }).click();
    await expect(heading(page, 'Add a role')).toBeVisible();
    await page.getByLabel(/^Id/).fill('call-recorder');
    await page.getByLabel(/^Name/).fill('Call recorder');
    await page.getByLabel('Layer').selectOption('Storage');
    await page.getByLabel(/^Fewest instances/).fill('2');
    await page.getByLabel(/^Least memory/).fill('4096');
    await page.getByLabel(/^Nodes in a group, at least/).fill('2');
    await page.getByLabel(/^Nodes in a group, at most/).fill('3');
    await page.getByLabel('What it does').fill('Keeps the recordings of calls.');
    await page.getByLabel(/^What it needs/).fill('Memory, because recordings are mixed there.');
    const setting = page.getByRole('group', { name: 'Setting 1' });
    await setting.getByLabel('Key').fill('days');
    await setting.getByLabel('Kind').selectOption('whole number');
    await setting.getByLabel(/^Values/).fill('1 to 365');
    await setting.getByLabel('Required').check();
    await page.getByRole('button', { name: 'Add the role' }).click();
    await expect(page.getByText('Version 2, 11 roles, 1 of them its own')).toBeVisible();
    await expect(region(page, 'Versions')).toContainText('Added the role Call recorder.');
  });

  await test.step('it has its place on the map, and the map says what is missing', async () => {
    await page.getByRole('link', { name: 'Role map' }).click();
    await expect(region(page, 'Storage').getByRole('heading', { level: 3 })).toHaveText([
      'SQL',
      'Distributed Database',
      'Elasticsearch',
      'Unstructured Storage',
      'Call recorder',
    ]);
  });

  await test.step('the live revision is still read under the catalogue that it was made with', async () => {
    // Revision 1 knows no call recorder, so the rule that asks for two of them is not asked of it.
    await open(page, '/?env=production&revision=1');
    await expect(region(page, 'Findings')).not.toContainText('Call recorder');
  });

  const ada = await api(ADA);
  const change = await ada.draft('Record calls', { hostname: 'recorder-1.example.net', address: '10.77.0.51' });
  await test.step('a draft gets its rules', async () => {
    await open(page, `/changes/${change}/edit?node=recorder-1.example.net`);
    const findings = region(page, 'Findings');
    await expect(findings).toContainText('Call recorder has 0 instances; it needs at least 2.');
    await disclosure(page, 'Assign a role').click();
    const form = page.getByRole('form', { name: 'Assign Call recorder' });
    await form.getByRole('button').click();
    await expect(page.getByRole('form', { name: 'Settings of Call recorder' })).toBeVisible();
    await expect(findings).toContainText('Call recorder has 1 instance; it needs at least 2.');
    await expect(findings).toContainText('days');
    await expect(findings).toContainText('ddb.no-group');
  });

  await test.step('and plan steps', async () => {
    const plan = region(page, /^Plan \(/).getByRole('table');
    for (const step of ['Install Call recorder on', 'Verify Call recorder on']) {
      await expect(plan.getByRole('cell', { name: new RegExp(`^${step} recorder-1.example.net`) })).toHaveCount(1);
    }
  });

  await test.step('while the draft has it, it cannot be removed', async () => {
    await open(page, '/catalogue?env=production');
    await disclosure(region(page, 'Storage'), 'Call recorder').click();
    await disclosure(region(page, 'Storage'), 'Propose that it goes').click();
    const form = page.getByRole('form', { name: 'Proposal to remove Call recorder' });
    await form.getByLabel(/^Reason/).fill('Nobody records.');
    await form.getByRole('button', { name: 'Propose it' }).click();
    await expect(page.getByRole('alert')).toContainText('could not be read any more');
    await expect(page.getByText('Version 2, 11 roles, 1 of them its own')).toBeVisible();
  });
});

test('a role that cannot be is refused with all that is wrong, and nothing typed is lost', async ({ signedIn, complaints }) => {
  complaints.expect(/status of 422/);
  const page = await signedIn(ADA);
  await open(page, '/catalogue/role?env=production');
  await page.getByLabel(/^Id/).fill('sql');
  await page.getByLabel(/^Name/).fill('Queue');
  await page.getByLabel(/^Most instances/).fill('0');
  await page.getByRole('button', { name: 'Add the role' }).click();
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('sql is a built-in role; choose another id.');
  await expect(alert).toContainText('The role queue is called Queue already.');
  await expect(alert).toContainText('give at least 1');
  await expect(page.getByLabel(/^Name/)).toHaveValue('Queue');
});

test('the severity of a rule is set for the environment, with a reason', async ({ signedIn }) => {
  const page = await signedIn(ADA);
  await open(page, '/catalogue?env=production');
  await disclosure(region(page, /^Rules/), 'node.idle').click();
  const form = page.getByRole('form', { name: 'Severity of node.idle' });
  await form.getByLabel('Severity').selectOption('blocker');
  await form.getByLabel(/^Reason/).fill('Idle nodes cost money');
  await form.getByRole('button', { name: 'Set severity' }).click();
  await expect(region(page, /^Rules/)).toContainText('by default advice');
  await page.getByRole('link', { name: 'Audit' }).click();
  await expect(page.getByRole('row', { name: /rule node.idle/ })).toContainText('Idle nodes cost money');
});

test('who may only look reads the catalogue and is told why not more', async ({ signedIn }) => {
  const page = await signedIn(VERA);
  await page.goto('/catalogue?env=production');
  await hydrated(page);
  await expect(page.getByText('Only admins of this environment change its catalogue.').first()).toBeVisible();
  await expect(page.getByRole('link', { name: 'Add a role' })).toHaveCount(0);
});
