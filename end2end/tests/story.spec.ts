import type { Page } from '@playwright/test';

import { badge, disclosure, heading, hydrated, navigation, open, region, signIn, withoutReload } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA } from '../support/people.ts';

test.use({ site: 'story' });

const TITLE = 'A ninth worker for the evening peak';
const NODE = 'worker-9.example.net';
const ADDRESS = '10.77.0.9';

test('a change goes from a draft to the live map, before two people’s eyes', async ({ visitor }) => {
  test.setTimeout(120_000);
  const ada = await visitor();
  const lena = await visitor();

  await test.step('Ada signs in and reads the role map', async () => {
    await open(ada, '/');
    await expect(ada).toHaveURL(/\/sign-in/);
    await signIn(ada, ADA);
    await expect(heading(ada, /^Role map/)).toBeVisible();
    for (const layer of ['Functionality', 'Infrastructure management', 'Storage']) {
      await expect(region(ada, layer)).toBeVisible();
    }
    await expect(region(ada, 'Storage').getByRole('heading', { level: 3 })).toHaveText([
      'SQL',
      'Distributed Database',
      'Elasticsearch',
      'Unstructured Storage',
    ]);
    await hydrated(ada);
    await withoutReload(ada, async () => {
      await region(ada, 'Infrastructure management').getByRole('link', { name: 'Worker' }).click();
      await expect(region(ada, 'Worker').getByRole('heading', { name: /^Instances \(\d+\)$/ })).toBeVisible();
    });
    await expect(region(ada, 'Worker').getByText(NODE)).toHaveCount(0);
  });

  await test.step('Ada starts a change', async () => {
    await ada.getByRole('link', { name: 'Change it' }).click();
    await expect(heading(ada, /^Changes/)).toBeVisible();
    await ada.getByLabel('What for').fill(TITLE);
    await ada.getByRole('button', { name: 'Start from live' }).click();
    await expect(heading(ada, new RegExp(`^Edit #\\d+ ${TITLE}`))).toBeVisible();
  });

  await test.step('Ada adds a node, and sees at once what the rules say', async () => {
    const form = ada.getByRole('region', { name: 'Add a node' });
    await form.getByLabel('Hostname').fill(NODE);
    await form.getByLabel('Private address').fill(ADDRESS);
    await form.getByRole('button', { name: 'Add node' }).click();
    await expect(ada.getByRole('heading', { level: 2, name: NODE })).toBeVisible();
    const idle = region(ada, 'Findings').getByRole('listitem').filter({ has: ada.getByRole('button', { name: NODE, exact: true }) });
    await expect(idle).toContainText('node.idle');
    await expect(region(ada, /^Plan \([1-9]/)).toBeVisible();
  });

  await test.step('Ada assigns the role', async () => {
    await disclosure(ada, 'Assign a role').click();
    await ada.getByRole('button', { name: 'Assign Worker' }).click();
    await expect(ada.getByRole('form', { name: 'Settings of Worker' })).toBeVisible();
    await expect(region(ada, 'Findings').getByText('node.idle')).toHaveCount(0);
    const plan = region(ada, /^Plan \(/).getByRole('table');
    for (const step of ['Prepare node', 'Install Worker on', 'Verify Worker on']) {
      await expect(plan.getByRole('cell', { name: `${step} ${NODE}` })).toHaveCount(1);
    }
    await expect(region(ada, /^Edits \(2\)/)).toContainText(ADA.name);
  });

  await test.step('Ada submits it for review', async () => {
    await ada.getByRole('link', { name: 'Review and submit' }).click();
    await expect(heading(ada, TITLE)).toBeVisible();
    await expect(badge(ada, 'draft')).toBeVisible();
    await ada.getByRole('button', { name: 'Submit for review' }).click();
    await expect(badge(ada, 'in review')).toBeVisible();
    const apply = ada.getByRole('button', { name: 'Apply' });
    await expect(apply).toBeDisabled();
    await expect(ada.getByText(/has to be approved before it is applied/)).toBeVisible();
    await expect(ada.getByText('Only leads of this environment vote on changes.').first()).toBeVisible();
  });

  await test.step('Lena finds it in the list and reads it', async () => {
    await open(lena, '/');
    await signIn(lena, LENA);
    await navigation(lena).getByRole('link', { name: 'Changes' }).click();
    const row = lena.getByRole('row').filter({ hasText: TITLE });
    await expect(row).toContainText('in review');
    await expect(row).toContainText(ADA.name);
    await row.getByRole('link', { name: TITLE }).click();
    await expect(heading(lena, TITLE)).toBeVisible();
    const summary = region(lena, 'What it does');
    await expect(summary.getByRole('heading', { name: 'Added (1)' })).toBeVisible();
    await expect(summary).toContainText(`node ${NODE} (worker)`);
    await expect(badge(lena, 'low risk')).toBeVisible();
    await expect(region(lena, /^Plan \(/).getByRole('listitem').filter({ hasText: NODE })).not.toHaveCount(0);
    await expect(region(lena, /^Findings after it/)).toBeVisible();
    await expect(region(lena, 'Decision')).toContainText('0 of 1 lead');
  });

  await test.step('Lena approves, and Ada sees it without reloading', async () => {
    await withoutReload(ada, async () => {
      await lena.getByRole('button', { name: 'Approve' }).click();
      await expect(region(lena, 'Decision')).toContainText('1 of 1 lead');
      await expect(badge(ada, 'approved')).toBeVisible();
      await expect(region(ada, 'Votes').getByRole('listitem').filter({ hasText: LENA.name })).toContainText('approved');
      await expect(ada.getByRole('button', { name: 'Apply' })).toBeEnabled();
    });
  });

  const run = await test.step('Ada applies, and both watch the run to its end without reloading', async () => {
    await hydrated(lena);
    let name = '';
    await withoutReload(lena, async () => {
      await withoutReload(ada, async () => {
        await ada.getByRole('button', { name: 'Apply' }).click();
        await expect(heading(ada, /^Run \d+/)).toBeVisible();
        name = /Run \d+/.exec((await heading(ada, /^Run \d+/).textContent()) ?? '')?.[0] ?? '';
        await region(lena, 'Runs').getByRole('link', { name, exact: true }).click();
        for (const page of [ada, lena]) {
          await runEnds(page, name);
        }
      });
    });
    return name;
  });

  await test.step('the history tells how it came to be', async () => {
    await navigation(ada).getByRole('link', { name: 'History' }).click();
    const row = ada.getByRole('row').filter({ hasText: 'Revision 2' });
    await expect(row).toContainText(TITLE);
    await expect(row).toContainText(run.toLowerCase());
    await row.getByRole('link', { name: 'Revision 2' }).click();
    await expect(heading(ada, 'Revision 2')).toBeVisible();
    const origin = region(ada, 'How it came to be');
    await expect(origin.getByRole('definition').filter({ hasText: ADA.name })).toHaveCount(2);
    await expect(origin.getByRole('listitem').filter({ hasText: LENA.name })).toContainText('approved');
    const steps = origin.getByRole('table').getByRole('row');
    await expect(steps.filter({ hasText: NODE })).not.toHaveCount(0);
    for (const step of (await steps.all()).slice(1)) {
      await expect(step).toContainText('succeeded');
      await expect(step.getByRole('time')).toHaveCount(1);
      await expect(step).toContainText(/\d+ (ms|s|min)\b/);
    }
    const recorded = region(ada, 'Recorded').getByRole('row');
    for (const [who, what] of [
      [ADA.name, 'started the change'],
      [ADA.name, 'edited the change'],
      [ADA.name, 'sent the change to review'],
      [LENA.name, 'approved the change'],
      [ADA.name, 'started the run'],
      [ADA.name, 'finished the run'],
    ] as const) {
      await expect(recorded.filter({ hasText: what }).filter({ hasText: who }), `${who} ${what}`).not.toHaveCount(0);
    }
  });

  await test.step('the audit log has it too', async () => {
    await navigation(ada).getByRole('link', { name: 'Audit' }).click();
    const rows = ada.getByRole('row');
    await expect(rows.filter({ hasText: 'approved the change' }).filter({ hasText: LENA.name })).toHaveCount(1);
    await expect(rows.filter({ hasText: 'imported the topology' })).toHaveCount(1);
  });

  await test.step('the role map shows the new instance', async () => {
    await navigation(lena).getByRole('link', { name: 'Role map' }).click();
    await expect(lena.getByRole('link', { name: 'Revision 2' })).toBeVisible();
    await region(lena, 'Infrastructure management').getByRole('link', { name: 'Worker' }).click();
    await expect(region(lena, 'Worker').getByRole('listitem').filter({ hasText: NODE })).toContainText(ADDRESS);
  });
});

/** Follows an open run to its end. */
async function runEnds(page: Page, name: string): Promise<void> {
  await expect(heading(page, name)).toBeVisible();
  await expect(page.getByText('This is a dry run.')).toBeVisible();
  await expect(heading(page, name)).toContainText('succeeded', { timeout: 30_000 });
  await expect(page.getByRole('status').filter({ hasText: 'steps' })).toHaveText(/^(\d+) of \1 steps done$/);
  await expect(page.getByRole('link', { name: 'revision 2' })).toBeVisible();
  await expect(region(page, /^Log/).getByRole('listitem')).not.toHaveCount(0);
  const steps = page.getByRole('region', { name: 'Steps' }).getByRole('row');
  await expect(steps.filter({ hasText: NODE }).filter({ hasText: 'succeeded' })).not.toHaveCount(0);
}
