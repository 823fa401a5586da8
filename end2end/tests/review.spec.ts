/** The minute of a lead: what the page tells before the click, who has to click, and what a click is worth. */

import { badge, disclosure, heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, ALMA, LENA, LEO, VERA } from '../support/people.ts';

test.use({ site: 'review' });

test('a critical change goes through with two leads, one of them an expert, and not before', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('The master on other hardware');
  // Whatever is done to the SQL master takes the platform down for a while.
  await ada.changeEdit(id, 'rename-node', { hostname: 'sql-1.example.net', to: 'sql-01.example.net' });
  await ada.changeEdit(id, 'update-settings', { hostname: 'worker-1.example.net', role: 'worker', 'settings[concurrency]': '12' });
  await ada.submit(id);

  const lena = await signedIn(LENA);
  await open(lena, `/changes/${id}`);
  await expect(badge(lena, 'critical risk')).toBeVisible();
  const decision = region(lena, 'Decision');
  await expect(decision).toContainText('Still missing: 0 of 2 leads, 0 of 1 infrastructure experts.');
  await expect(decision).toContainText(`Could be given by ${LENA.name}, ${LEO.name}.`);
  await expect(region(lena, 'On the role map')).toContainText(/SQL.*4 after it: .*changed/s);
  await expect(region(lena, 'What if a node fails, after it')).toContainText('Total outage');
  await expect(region(lena, /^Plan \(/).getByRole('region', { name: 'Steps: Storage' })).toContainText('SQL');
  await disclosure(lena, '38 nodes stay as they are').or(disclosure(lena, '37 nodes stay as they are')).click();
  await lena.getByRole('button', { name: 'Approve' }).click();
  await expect(decision).toContainText('Still missing: 1 of 2 leads, 0 of 1 infrastructure experts.');
  await expect(lena.getByRole('button', { name: 'Apply' })).toBeDisabled();

  const leo = await signedIn(LEO);
  await open(leo, `/changes/${id}`);
  await leo.getByRole('button', { name: 'Approve' }).click();
  await expect(region(leo, 'Decision')).toContainText('Everything that is asked for is there.');
  // Without reloading, in the other browser.
  await expect(decision).toContainText('Everything that is asked for is there.');
  await expect(decision).toContainText('The approval ends');
  await ada.apply(id);
  await expect(badge(lena, 'applied')).toBeVisible();
});

test('an approval is taken back, and the change waits again', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Thought over', { hostname: 'worker-back.example.net', address: '10.78.1.1' });
  await ada.submit(id);
  await (await api(LENA)).approve(id);
  const lena = await signedIn(LENA);
  await open(lena, `/changes/${id}`);
  await expect(badge(lena, 'approved')).toBeVisible();
  await region(lena, 'Votes').getByRole('button', { name: 'Take it back' }).click();
  await expect(badge(lena, 'in review')).toBeVisible();
  await expect(region(lena, 'Votes')).toContainText('It was taken back.');
  await expect(region(lena, 'Decision')).toContainText('Still missing: 0 of 1 lead.');
  await lena.getByRole('button', { name: 'Approve' }).click();
  await expect(badge(lena, 'approved')).toBeVisible();
  await expect(region(lena, 'Timeline').getByRole('row').filter({ hasText: 'took' })).toBeVisible();
});

test('an edit during the review: votes for the same plan stay, for another they are outdated', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Edited while reviewed', { hostname: 'worker-while.example.net', address: '10.78.1.2' });
  await ada.submit(id);
  await (await api(LENA)).approve(id);
  const alma = await api(ALMA);
  const lena = await signedIn(LENA);
  await open(lena, `/changes/${id}`);
  await test.step('an edit and its way back leave the plan as it was', async () => {
    await alma.changeEdit(id, 'add-group', { name: 'ag-there' });
    await expect(badge(lena, 'in review')).toBeVisible();
    await expect(region(lena, 'Votes')).toContainText('It is for another plan; it does not count for this one.');
    await alma.changeEdit(id, 'remove-group', { name: 'ag-there' });
    await expect(badge(lena, 'approved')).toBeVisible();
  });
  await test.step('another plan asks for another vote', async () => {
    await alma.changeEdit(id, 'update-settings', { hostname: 'worker-while.example.net', role: 'worker', 'settings[concurrency]': '5' });
    await expect(badge(lena, 'in review')).toBeVisible();
    await expect(region(lena, 'Votes')).toContainText('no longer counts');
    // The plan under her click is another one: she is asked to look first.
    await expect(lena.getByRole('button', { name: 'Approve' })).toBeDisabled();
    await lena.getByRole('link', { name: 'What changed since' }).first().click();
    await expect(region(lena, 'What changed since that vote')).toContainText('Steps that are new');
    await lena.getByRole('button', { name: 'I have looked at it again' }).click();
    await lena.getByRole('button', { name: 'Approve' }).click();
    await expect(badge(lena, 'approved')).toBeVisible();
  });
});

test('people talk about the change and about one step of it', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Talked about', { hostname: 'worker-talk.example.net', address: '10.78.1.3' });
  await ada.submit(id);
  const author = await signedIn(ADA);
  await open(author, `/changes/${id}`);
  const lena = await signedIn(LENA);
  await open(lena, `/changes/${id}`);
  await region(lena, /^Plan \(/).getByRole('listitem').filter({ hasText: 'Install Worker' }).getByRole('link', { name: 'Discuss' }).click();
  const talk = region(lena, /^Discussion/);
  await expect(talk).toContainText(/About: Step \d+: Install Worker/);
  await talk.getByLabel('Comment').fill('Why here?\n<b>There is dc2.</b>');
  await talk.getByRole('button', { name: 'Say it' }).dblclick();
  await expect(region(author, 'Discussion (1)')).toContainText('<b>There is dc2.</b>');
  await expect(region(author, 'Discussion (1)')).toContainText(LENA.name);
  await expect(region(author, /^Plan \(/).getByRole('link', { name: '1 comment' })).toBeVisible();
});

test('a change of the policy is one that leads approve, and open changes are asked anew', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 40[39]/);
  const ada = await api(ADA);
  const id = await ada.draft('Under other rules', { hostname: 'worker-rules.example.net', address: '10.78.1.4' });
  await ada.submit(id);
  await (await api(LENA)).approve(id);

  const page = await signedIn(ADA);
  await test.step('an admin proposes, and cannot put it in force', async () => {
    await open(page, '/settings/policy?env=production');
    await expect(region(page, 'Rules in force').getByRole('listitem')).not.toHaveCount(0);
    await page.getByRole('link', { name: 'Propose other rules' }).click();
    const row = page.getByRole('group', { name: 'Another rule' }).first();
    await row.getByLabel('Name', { exact: true }).fill('Workers need an expert');
    await row.getByLabel(/^Group/).fill('infrastructure experts');
    await row.getByLabel('How many of it').fill('1');
    await row.getByLabel(/^Roles/).fill('worker');
    await page.getByLabel(/^Reason/).fill('The last one was too many.');
    await page.getByRole('button', { name: 'Propose them' }).click();
    await expect(region(page, 'Proposed version 2')).toContainText('Workers need an expert');
    await expect(region(page, 'Proposed version 2')).toContainText('Could be given by Lena Lead, Leo Lead.');
    await expect(page.getByRole('button', { name: 'Approve it' })).toBeDisabled();
  });
  await test.step('the test page says what it would ask', async () => {
    await page.getByLabel(/^Change/).fill(`${id}`);
    await page.getByRole('button', { name: 'Test it' }).click();
    const asked = region(page, /^What the rules ask of/);
    await expect(asked.getByRole('heading', { name: 'With the proposal' })).toBeVisible();
    await expect(asked.getByRole('row').filter({ hasText: 'Workers need an expert' })).toContainText('yes');
  });
  await test.step('two leads put it in force, as the strictest rule asks: the approved change needs an expert now', async () => {
    const lena = await signedIn(LENA);
    await open(lena, '/settings/policy?env=production');
    await lena.getByRole('button', { name: 'Approve it' }).dblclick();
    await expect(region(lena, 'Proposed version 2')).toContainText('Lena Lead approved it');
    await expect(lena.getByText(/^Version 1\./)).toBeVisible();
    const leo = await signedIn(LEO);
    await open(leo, '/settings/policy?env=production');
    await leo.getByRole('button', { name: 'Put it in force' }).click();
    await expect(leo.getByText(/^Version 2\./)).toBeVisible();
    await expect(region(leo, 'Versions')).toContainText('approved by Lena Lead, Leo Lead.');
    await open(lena, `/changes/${id}`);
    await expect(badge(lena, 'in review')).toBeVisible();
    await expect(region(lena, 'Decision')).toContainText('Still missing: 0 of 1 infrastructure experts.');
    await (await api(LEO)).approve(id);
    await expect(badge(lena, 'approved')).toBeVisible();
  });
  await test.step('who may only look is told so', async () => {
    const vera = await signedIn(VERA);
    await open(vera, '/settings/policy?env=production');
    await expect(heading(vera, /^Policy/)).toBeVisible();
    await expect(vera.getByRole('link', { name: 'Propose other rules' })).toHaveCount(0);
    await vera.goto('/settings/policy/propose?env=production');
    await expect(vera.getByRole('button', { name: 'Propose them' })).toBeDisabled();
  });
});

test('a high change needs two leads; one of them is not enough, and no vote counts twice', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.changeStart('More room for call data');
  await ada.changeEdit(id, 'add-node', { hostname: 'ddb-19.example.net', private_ip: '10.78.2.19' });
  await ada.changeEdit(id, 'assign-role', { hostname: 'ddb-19.example.net', role: 'distributed-database', 'settings[availability_group]': 'ag-1' });
  await ada.submit(id);
  expect((await ada.changeLoad(id)).plan.risk).toBe('high');
  const [lena, leo] = [await signedIn(LENA), await signedIn(LEO)];
  await open(lena, `/changes/${id}`);
  await open(leo, `/changes/${id}`);
  await expect(region(lena, 'Decision')).toContainText('Still missing: 0 of 2 leads.');
  await lena.getByRole('button', { name: 'Approve' }).dblclick();
  await expect(region(leo, 'Decision')).toContainText('Still missing: 1 of 2 leads.');
  await expect(leo.getByRole('button', { name: 'Apply' })).toBeDisabled();
  const early = await ada.changeLoad(id);
  expect((await ada.post('change_apply', { id: `${id}`, version: `${early.change.version}` })).status()).toBe(409);
  await leo.getByRole('button', { name: 'Approve' }).click();
  await expect(badge(lena, 'approved')).toBeVisible();
  await ada.apply(id);
  await expect(badge(lena, 'applied')).toBeVisible();

  await test.step('who proves it later has one document, to print and as JSON', async () => {
    await lena.getByRole('link', { name: 'As a document' }).click();
    const record = lena.getByRole('article');
    await expect(record.getByRole('region', { name: 'Votes' }).getByRole('row')).toHaveCount(3);
    await expect(record).toContainText('It made revision');
    await expect(record).toContainText('Ada Admin');
    await lena.emulateMedia({ media: 'print' });
    await expect(lena.getByRole('banner')).toBeHidden();
    const answer = await lena.request.get(`/changes/${id}/record.json`);
    const json = (await answer.json()) as {
      format: string;
      plan: { digest: string };
      votes: { voter: { name: string }; digest: string; standing: string }[];
      runs: { run: { digest: string; state: string } }[];
    };
    expect(json.format).toBe('strata.change-record/1');
    expect(json.votes.map(({ voter, standing }) => [voter.name, standing])).toEqual([[LENA.name, 'counts'], [LEO.name, 'counts']]);
    expect(json.runs.map(({ run }) => [run.digest, run.state])).toEqual([[json.plan.digest, 'succeeded']]);
    expect(json.votes.every(({ digest }) => digest === json.plan.digest)).toBe(true);
  });
});

test('what was rejected is copied into a new draft, with its edits and their authors', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Not this time', { hostname: 'worker-again.example.net', address: '10.78.1.9' });
  await ada.submit(id);
  const { change, plan } = await ada.changeLoad(id);
  const no = { id: `${id}`, version: `${change.version}`, verdict: 'reject', digest: plan.digest, reason: 'Next month' };
  expect((await (await api(LENA)).post('change_vote', no)).status()).toBeLessThan(400);
  const alma = await signedIn(ALMA);
  await open(alma, `/changes/${id}`);
  await alma.getByRole('button', { name: 'Copy into a new draft' }).dblclick();
  await expect(badge(alma, 'draft')).toBeVisible();
  await expect(region(alma, /^Edits/)).toContainText('worker-again.example.net');
  await expect(region(alma, /^Edits/)).toContainText(ADA.name);
  expect((await ada.changeIds()).filter((other) => other > id)).toHaveLength(1);
});
