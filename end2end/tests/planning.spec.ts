import { heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, VERA } from '../support/people.ts';

test.use({ site: 'planning' });

test('what is lost without a group, a node, and what is not there', async ({ signedIn }) => {
  const page = await signedIn(VERA);
  await open(page, '/?env=production');
  await page.getByRole('link', { name: 'What if' }).click();
  await expect(heading(page, 'What if')).toBeVisible();
  await page.getByLabel('Availability group').selectOption('ag-1');
  await page.getByRole('button', { name: 'Take them away' }).click();
  const answer = region(page, 'Without them');
  await expect(answer).toContainText('Distributed Database');
  await expect(answer).toContainText('degraded');

  await region(page, 'Without a single node').getByRole('link', { name: 'sql-1.example.net' }).click();
  await expect(answer.getByRole('heading')).toContainText('total outage');
  await page.getByRole('textbox', { name: /^Nodes/ }).fill('sql-11.example.net');
  await page.getByRole('button', { name: 'Take them away' }).click();
  await expect(page.getByRole('alert')).toContainText('did you mean sql-1.example.net?');
});

test('the map tells what is lost without a node', async ({ signedIn }) => {
  const page = await signedIn(VERA);
  await open(page, '/?env=production&role=sql');
  await page.getByRole('link', { name: 'without it: total outage' }).click();
  await expect(region(page, 'Without them').getByRole('heading')).toContainText('total outage');
});

test('a few figures become a topology, a file, and a change', async ({ signedIn }) => {
  const page = await signedIn(ADA);
  await open(page, '/advisor?env=production');
  await page.getByLabel(/^Subscribers placeholder/).fill('20000');
  await page.getByLabel('Sites').fill('dc1, dc2');
  await page.getByLabel(/^Nodes in each group/).fill('9');
  await page.getByRole('button', { name: 'Propose a topology' }).click();
  await expect(page.getByRole('alert')).toContainText('a whole number from 2 to 4');
  await expect(page.getByLabel(/^Subscribers placeholder/)).toHaveValue('20000');
  await page.getByLabel(/^Nodes in each group/).fill('3');
  await page.getByRole('button', { name: 'Propose a topology' }).click();
  await expect(region(page, /^A topology of \d+ nodes/)).toContainText('no finding');
  await expect(region(page, 'What was chosen, and why')).toContainText('in 6 availability groups of 3');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the file' }).click();
  const stream = await (await download).createReadStream();
  let file = '';
  for await (const chunk of stream) {
    file += String(chunk);
  }
  expect(file).toContain('environment: production');
  expect(file).toContain('site: dc2');

  await page.getByRole('button', { name: 'Start a change with it' }).click();
  await expect(heading(page, /A first topology from the advisor/)).toBeVisible();
});
