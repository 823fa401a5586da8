import type { Page } from '@playwright/test';

import { badge, disclosure, heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA, type Person, VERA } from '../support/people.ts';

test.use({ site: 'approval' });

const BOTH: Person = { email: 'both@example.net', name: 'Bo Both' };
const OTHER: Person = { email: 'admin2@example.net', name: 'Alma Admin' };

test.beforeAll(async ({ strata }) => {
  await strata.addPerson({ ...BOTH, capabilities: ['admin', 'lead'] });
  await strata.addPerson({ ...OTHER, capabilities: ['admin'] });
});

test('who wrote a change cannot approve it: not on the page, and not past it', async ({ signedIn, api }) => {
  const both = await api(BOTH);
  const id = await both.draft('Approved by its own author', { hostname: 'worker-own.example.net', address: '10.77.1.1' });
  await both.submit(id);
  const reason = 'You had a part in this change; somebody else has to approve it.';

  const page = await signedIn(BOTH);
  await open(page, `/changes/${id}`);
  const approve = page.getByRole('button', { name: 'Approve' });
  await expect(approve).toBeVisible();
  await expect(approve).toBeDisabled();
  await expect(approve).toHaveAccessibleDescription(reason);
  await expect(region(page, 'Decision').getByText(reason).first()).toBeVisible();

  const posted = await both.post('change_vote', await both.approval(id));
  expect(posted.status()).toBe(403);
  expect(await posted.json()).toMatchObject({ kind: 'not-you', reason });
  const review = await both.changeLoad(id);
  expect(review.change.state).toBe('in-review');
  expect(review.votes).toEqual([]);
});

test('who submitted a change that others wrote cannot approve it either', async ({ api }) => {
  const ada = await api(ADA);
  const both = await api(BOTH);
  const id = await ada.draft('Submitted by a lead', { hostname: 'worker-sub.example.net', address: '10.77.1.2' });
  await both.submit(id);
  const posted = await both.post('change_vote', await both.approval(id));
  expect(posted.status()).toBe(403);
  expect((await both.changeLoad(id)).change.state).toBe('in-review');
});

test('who may only look sees what they cannot do, and why', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Looked at by a viewer', { hostname: 'worker-look.example.net', address: '10.77.1.3' });
  const reason = 'Only admins of this environment start changes.';
  const page = await signedIn(VERA);
  await open(page, '/changes?env=production');
  const start = page.getByRole('button', { name: 'Start from live' });
  await expect(start).toBeDisabled();
  await expect(start).toHaveAccessibleDescription(reason);
  await expect(page.getByText(reason)).toBeVisible();

  await page.goto(`/changes/${id}/edit`);
  await expect(page.getByRole('button', { name: 'Add node' })).toBeDisabled();
  await page.goto(`/changes/${id}`);
  await expect(page.getByRole('button', { name: 'Submit for review' })).toBeDisabled();

  const vera = await api(VERA);
  for (const [name, form] of [
    ['change_start', { environment: 'production', title: 'By a viewer' }],
    ['change_submit', { id: `${id}`, version: '3' }],
    ['change_withdraw', { id: `${id}`, version: '3', reason: 'Because' }],
  ] as const) {
    expect((await vera.post(name, form)).status(), name).toBe(403);
  }
});

test('a double click on Approve votes once, on Apply runs once', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Clicked twice', { hostname: 'worker-twice.example.net', address: '10.77.1.4' });
  await ada.submit(id);

  const lead = await signedIn(LENA);
  await open(lead, `/changes/${id}`);
  await lead.getByRole('button', { name: 'Approve' }).dblclick();
  await expect(region(lead, 'Decision')).toContainText('1 of 1 lead');
  await expect(lead.getByRole('alert')).toHaveCount(0);
  await expect(region(lead, 'Votes').getByRole('listitem').filter({ hasText: LENA.name })).toHaveCount(1);

  const admin = await signedIn(ADA);
  await open(admin, `/changes/${id}`);
  await admin.getByRole('button', { name: 'Apply' }).dblclick();
  await expect(heading(admin, /^Run \d+/)).toBeVisible();
  const { votes, runs } = await ada.changeLoad(id);
  expect(votes).toHaveLength(1);
  expect(runs).toHaveLength(1);
  await ada.runEnds(runs[0]?.id ?? 0);
});

test('the same approval, or the same apply, sent twice at one moment counts once', async ({ api }) => {
  const ada = await api(ADA);
  const lena = await api(LENA);
  const id = await ada.draft('Sent twice', { hostname: 'worker-race.example.net', address: '10.77.1.5' });
  await ada.submit(id);
  const approval = await lena.approval(id);
  const votes = await Promise.all([lena.post('change_vote', approval), lena.post('change_vote', approval)]);
  expect(votes.map((answer) => answer.status() < 400)).toEqual([true, true]);

  const { change } = await ada.changeLoad(id);
  const apply = { id: `${id}`, version: `${change.version}` };
  const [first, second] = await Promise.all([ada.post('change_apply', apply), ada.post('change_apply', apply)]);
  expect(first.headers()['location']).toMatch(/^\/runs\/\d+$/);
  expect(second.headers()['location']).toBe(first.headers()['location']);
  const after = await ada.changeLoad(id);
  expect(after.votes).toHaveLength(1);
  expect(after.runs).toHaveLength(1);
  await ada.runEnds(after.runs[0]?.id ?? 0);
});

test('of two people who apply two changes at once, one is told whose run is in the way', async ({ api }) => {
  const ada = await api(ADA);
  const lena = await api(LENA);
  const ids: number[] = [];
  for (const number of [1, 2]) {
    const node = { hostname: `worker-side-${number}.example.net`, address: `10.77.1.${10 + number}` };
    const id = await ada.draft(`Side by side ${number}`, node);
    await ada.submit(id);
    await lena.approve(id);
    ids.push(id);
  }
  const answers = await Promise.all(
    ids.map(async (id, index) => {
      const { change } = await ada.changeLoad(id);
      return (index === 0 ? ada : lena).post('change_apply', { id: `${id}`, version: `${change.version}` });
    }),
  );
  const statuses = answers.map((answer) => answer.status()).sort();
  expect(statuses[0]).toBeLessThan(400);
  expect(statuses[1]).toBe(409);
  const refused = answers.find((answer) => answer.status() === 409);
  expect(await refused?.text()).toMatch(/Run \d+ .*applied by (Ada Admin|Lena Lead).* is provisioning/);
  const runs = (await Promise.all(ids.map((id) => ada.changeLoad(id)))).flatMap((review) => review.runs);
  expect(runs).toHaveLength(1);
  await ada.runEnds(runs[0]?.id ?? 0);
});

test('two people edit one draft: nothing is lost, also where one of them hears no news', async ({
  signedIn,
  api,
  complaints,
}) => {
  complaints.expect(/\/events/);
  const ada = await api(ADA);
  const id = await ada.draft('Edited by two', { hostname: 'worker-two.example.net', address: '10.77.1.6' });

  const alma = await signedIn(OTHER);
  // Without news her page still shows the draft as it was, as in the moment before news arrive.
  await alma.route('**/events*', (route) => route.abort());
  await open(alma, `/changes/${id}/edit`);

  const page = await signedIn(ADA);
  await open(page, `/changes/${id}/edit`);
  await add(page, 'worker-ada.example.net', '10.77.1.7');
  await expect(page.getByRole('heading', { level: 2, name: 'worker-ada.example.net' })).toBeVisible();

  await add(alma, 'worker-alma.example.net', '10.77.1.8');
  await expect(alma.getByRole('heading', { level: 2, name: 'worker-alma.example.net' })).toBeVisible();
  // The answer to her act brings the other's edit along.
  await expect(region(alma, /^Edits/).getByRole('listitem').filter({ hasText: 'worker-ada.example.net' })).toHaveCount(1);
  expect((await ada.changeLoad(id)).edits).toHaveLength(4);
  // And the first one's open page shows it by itself.
  await expect(region(page, /^Edits \(4\)/)).toContainText(OTHER.name);
});

test('a lead sends a change back with a reason, which its author reads', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Sent back', { hostname: 'worker-back.example.net', address: '10.77.1.9' });
  await ada.submit(id);
  const author = await signedIn(ADA);
  await open(author, `/changes/${id}`);

  const lead = await signedIn(LENA);
  await open(lead, `/changes/${id}`);
  await disclosure(lead, 'Send back or reject').click();
  await lead.getByLabel('Reason').first().fill('The address belongs to another site');
  await lead.getByRole('button', { name: 'Send back' }).click();
  await expect(badge(lead, 'draft')).toBeVisible();

  await expect(author.getByText(`${LENA.name}: The address belongs to another site`)).toBeVisible();
  await expect(author.getByRole('button', { name: 'Submit for review' })).toBeEnabled();
});

/** Adds a node through the editor's form. */
async function add(page: Page, hostname: string, address: string): Promise<void> {
  if ((await page.getByRole('region', { name: 'Add a node' }).count()) === 0) {
    await page.getByRole('link', { name: 'Add a node' }).click();
  }
  const form = page.getByRole('region', { name: 'Add a node' });
  await form.getByLabel('Hostname').fill(hostname);
  await form.getByLabel('Private address').fill(address);
  await form.getByRole('button', { name: 'Add node' }).click();
}
