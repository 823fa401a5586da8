import { heading } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA } from '../support/people.ts';

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
