import { setTimeout as sleep } from 'node:timers/promises';

import { heading, open } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA } from '../support/people.ts';
import { Postgres } from '../support/postgres.ts';
import { StrataServer } from '../support/server.ts';
import { Sessions } from '../support/sessions.ts';

test.use({ site: 'robust' });

test('an address that leads nowhere is a 404 that says so', async ({ signedIn, complaints }) => {
  complaints.expect(/status of 404/);
  const page = await signedIn(ADA);
  const answer = await page.goto('/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(heading(page, 'There is no such page')).toBeVisible();
  await page.getByRole('link', { name: 'Go to the role map' }).click();
  await expect(heading(page, /^Role map/)).toBeVisible();
});

test('a change, a run or a revision that is not there is a 404 that says so', async ({ signedIn, complaints }) => {
  complaints.expect(/status of 404/);
  const page = await signedIn(ADA);
  for (const [path, words] of [
    ['/changes/999999', 'There is no such change.'],
    ['/changes/999999/edit', 'There is no such change.'],
    ['/changes/nonsense', 'There is no such change.'],
    ['/runs/999999', 'There is no such run.'],
    ['/history/999999?env=production', 'There is no such revision.'],
    ['/?env=nowhere', 'There is no such environment.'],
  ] as const) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByText(words), path).toBeVisible();
  }
});

test('every page brings the headers that keep it to itself, and a nonce of its own', async ({ strata, sessions }) => {
  const cookies = (await sessions.of(ADA)).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  for (const path of ['/sign-in', '/', '/no/such/page', '/pkg/strata.css']) {
    const { headers } = await fetch(strata.address + path, { headers: { cookie: cookies, accept: 'text/html' } });
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('referrer-policy'), path).toMatch(/^(same-origin|no-referrer)$/);
    expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin');
    expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
    expect(headers.get('x-frame-options'), path).toBe('DENY');
    expect(headers.get('permissions-policy'), path).toContain('camera=()');
  }
  const nonces = [];
  for (let time = 0; time < 2; time += 1) {
    const answer = await fetch(`${strata.address}/sign-in`, { headers: { accept: 'text/html' } });
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(policy).not.toMatch(/'unsafe-eval'/);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(nonce.length).toBeGreaterThanOrEqual(16);
    const html = await answer.text();
    const scripts = [...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    expect(scripts).not.toHaveLength(0);
    for (const tag of scripts) {
      expect(tag, 'every script has the nonce').toContain(`nonce="${nonce}"`);
    }
    nonces.push(nonce);
  }
  expect(nonces[0]).not.toBe(nonces[1]);
});

test('what another site makes a browser send is refused', async ({ strata, sessions, api }) => {
  const ada = await api(ADA);
  const before = await ada.changeIds();
  const cookie = (await sessions.of(ADA)).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  for (const from of [
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
    { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:1' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
  ]) {
    const answer = await fetch(`${strata.address}/api/change_start`, {
      method: 'POST',
      headers: { cookie, 'Content-Type': 'application/x-www-form-urlencoded', ...(from as Record<string, string>) },
      body: 'environment=production&title=Forged',
      redirect: 'manual',
    });
    expect(answer.status, JSON.stringify(from)).toBe(403);
  }
  expect(await ada.changeIds()).toEqual(before);
});

test('the API answers nobody with 401, and an unknown function with 404', async ({ strata }) => {
  for (const name of ['change_list', 'audit_list', 'role_map_load', 'run_list', 'revision_list']) {
    const answer = await fetch(`${strata.address}/api/${name}`, { headers: { accept: 'application/json' } });
    expect(answer.status, name).toBe(401);
  }
  expect((await fetch(`${strata.address}/api/no_such_thing`)).status).toBe(404);
  expect((await fetch(`${strata.address}/events`)).status).toBe(401);
});

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
    expect((await fetch(`${strata.address}/healthz`)).status).toBe(503);

    await postgres.start();
    // The page that said so comes back without a hand on it, and nothing that was acknowledged is lost.
    await expect(heading(page, /^Changes/)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole('row').filter({ hasText: 'Acknowledged before the outage' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: 'In the outage' })).toHaveCount(0);
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
    process.kill(strata.postgresProcess(), 'SIGKILL');
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
  return { hostname: `worker-robust-${number}.example.net`, address: `10.77.5.${number}` };
}
