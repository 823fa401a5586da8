import { setTimeout as sleep } from 'node:timers/promises';

import { heading, open } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA } from '../support/people.ts';
import { Postgres } from '../support/postgres.ts';
import { StrataServer } from '../support/server.ts';
import { Sessions } from '../support/sessions.ts';

test('a database that goes away: pages say so, and recover by themselves when it is back', async ({
  browser,
  complaints,
}) => {
  test.setTimeout(120_000);
  complaints.expect(/status of 503|\/events|ERR_INCOMPLETE_CHUNKED_ENCODING/);
  const postgres = new Postgres();
  await postgres.start();
  const strata = await StrataServer.start('database', { DATABASE_URL: postgres.url });
  const sessions = new Sessions(strata.address);
  try {
    const ada = await sessions.api(ADA);
    const id = await ada.draft('Acknowledged before the outage', node(1));
    const context = await browser.newContext({ baseURL: strata.address, storageState: await sessions.of(ADA) });
    complaints.listen(context);
    const watching = await context.newPage();
    await open(watching, '/changes?env=production');

    await postgres.stop();
    const page = await context.newPage();
    const answer = await page.goto('/changes?env=production');
    expect(answer?.status()).toBe(503);
    expect(answer?.headers()['retry-after']).toMatch(/^\d+$/);
    await expect(heading(page, 'The database does not answer')).toBeVisible();
    const refused = await ada.post('change_start', { environment: 'production', title: 'In the outage' });
    expect(refused.status()).toBe(503);
    expect(await refused.json()).toMatchObject({ kind: 'unavailable' });
    // The process lives, and says that it cannot serve and why.
    expect((await fetch(`${strata.address}/healthz`)).status).toBe(200);
    const ready = await fetch(`${strata.address}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/^database: The database does not answer/);

    await postgres.start();
    // The page that said so comes back without a hand on it, and nothing that was acknowledged is lost.
    await expect(heading(page, /^Changes/)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole('row').filter({ hasText: 'Acknowledged before the outage' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: 'In the outage' })).toHaveCount(0);
    await expect(async () => expect((await fetch(`${strata.address}/readyz`)).status).toBe(200)).toPass();
    // The page that was open hears news again.
    await ada.submit(id);
    const row = watching.getByRole('row').filter({ hasText: 'Acknowledged before the outage' });
    await expect(row).toContainText('in review', { timeout: 30_000 });
    // And the worker works again.
    await (await sessions.api(LENA)).approve(id);
    await ada.apply(id);
    await context.close();
  } finally {
    await sessions.dispose();
    await strata.stop();
    await postgres.remove();
  }
});

test('the private PostgreSQL is killed in the middle of a run: it comes back, and the run ends once', async () => {
  test.setTimeout(120_000);
  const strata = await StrataServer.start('killed', { STRATA_DRY_RUN_PAUSE_MS: '150' });
  const sessions = new Sessions(strata.address);
  try {
    const [ada, lena] = await Promise.all([sessions.api(ADA), sessions.api(LENA)]);
    const id = await ada.draft('Interrupted', node(2));
    await ada.submit(id);
    await lena.approve(id);
    const { change } = await ada.changeLoad(id);
    const applied = await ada.post('change_apply', { id: `${id}`, version: `${change.version}` });
    expect(applied.status()).toBeLessThan(400);
    await sleep(400);
    const postgres = strata.postgresProcess();
    if (postgres === undefined) {
      throw new Error('there is no PostgreSQL to kill');
    }
    process.kill(postgres, 'SIGKILL');
    await expect(async () => {
      const review = await ada.changeLoad(id);
      expect(review.change.state).toBe('applied');
      expect(review.runs).toHaveLength(1);
    }).toPass({ timeout: 90_000 });
    expect(await ada.runEnds((await ada.changeLoad(id)).runs[0]?.id ?? 0)).toBe(2);
  } finally {
    await sessions.dispose();
    await strata.stop();
  }
});

function node(number: number): { hostname: string; address: string } {
  return { hostname: `worker-outage-${number}.example.net`, address: `10.77.6.${number}` };
}
