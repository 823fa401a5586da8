import { setTimeout as sleep } from 'node:timers/promises';

import { account, heading, open, signIn } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA, LEO, PASSWORD, VERA } from '../support/people.ts';

test.use({ site: 'sign-in' });

const REFUSED = /No account has this e-mail with this password/;

test('a wrong password and an unknown account are answered alike', async ({ visitor, api, complaints }) => {
  complaints.expect(/status of 422/);
  const page = await visitor();
  for (const email of [LENA.email, 'nobody@example.net']) {
    await open(page, '/sign-in');
    await signIn(page, { email, name: '' }, 'not the password');
    await expect(page.getByRole('alert')).toHaveText(REFUSED);
    await expect(page.getByLabel('Password')).toHaveAccessibleDescription(REFUSED);
    await expect(page).toHaveURL(/\/sign-in/);
  }

  const nobody = await api();
  const answers = [];
  for (const email of [LENA.email, 'nobody@example.net']) {
    const response = await nobody.post('sign_in', { email, password: 'not the password' });
    answers.push({ status: response.status(), body: await response.text(), cookie: response.headers()['set-cookie'] });
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.status).toBe(422);
});

test('repeated failures are slowed, with the right password too, and the page says for how long', async ({ visitor, api, complaints }) => {
  complaints.expect(/status of 429/);
  const nobody = await api();
  // Open before: however long that takes, nothing of the wait passes meanwhile.
  const page = await visitor();
  await open(page, '/sign-in');
  // The waits double from the fifth failure on: 1, 2, 4 seconds. After seven there is time to look at the page.
  for (let failures = 0; failures < 7; ) {
    const response = await nobody.post('sign_in', { email: VERA.email, password: 'a guess' });
    if (response.status() === 422) {
      failures += 1;
    } else {
      expect(response.status()).toBe(429);
      await sleep(250);
    }
  }
  await signIn(page, VERA);
  await expect(page.getByRole('alert')).toHaveText(/Too many attempts\. Wait \d+ seconds?/);
  const button = page.getByRole('button', { name: 'Sign in' });
  await expect(async () => {
    if (await button.isVisible()) {
      await button.click({ timeout: 1_000 });
    }
    await expect(heading(page, /^Role map/)).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
});

test('several people who sign in from one address at one moment are all let in', async ({ api }) => {
  const nobody = await api();
  // Several times, since what could go wrong is a matter of milliseconds.
  for (let round = 0; round < 5; round += 1) {
    const crowd = [ADA, LENA, LEO].map(({ email }) => nobody.post('sign_in', { email, password: PASSWORD }));
    const answers = await Promise.all((await Promise.all(crowd)).map((answer) => answer.text()));
    expect(answers).toEqual(answers.map(() => 'null'));
  }
});

test('a visitor is led to sign in, and back to where they wanted', async ({ visitor }) => {
  for (const [path, title] of [
    ['/', /^Role map/],
    ['/changes?env=production', /^Changes/],
    ['/?env=production&role=sql', /^Role map/],
  ] as const) {
    const page = await visitor();
    await open(page, path);
    await expect(page, `${path} asks to sign in`).toHaveURL(/\/sign-in\?next=/);
    await signIn(page, ADA);
    await expect(heading(page, title)).toBeVisible();
    await expect(page).toHaveURL((url) => url.pathname + url.search === path);
  }
});

test('nobody is led to a foreign site after signing in', async ({ visitor, strata }) => {
  for (const next of ['//evil.example/', 'https://evil.example/', '/\\evil.example']) {
    const page = await visitor();
    await open(page, `/sign-in?next=${encodeURIComponent(next)}`);
    await signIn(page, ADA);
    await expect(heading(page, /^Role map/)).toBeVisible();
    expect(new URL(page.url()).origin).toBe(strata.address);
  }
});

test('signing out ends the session, not only the page', async ({ visitor, browser, strata }) => {
  const page = await visitor();
  await open(page, '/sign-in');
  await signIn(page, ADA);
  await expect(heading(page, /^Role map/)).toBeVisible();
  const stolen = await page.context().storageState();

  await account(page, ADA).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(heading(page, 'Sign in')).toBeVisible();
  await page.goto('/');
  await expect(page).toHaveURL(/\/sign-in/);

  const thief = await browser.newContext({ baseURL: strata.address, storageState: stolen });
  const answer = await thief.request.get('/api/change_list', { headers: { Accept: 'application/json' } });
  expect(answer.status(), 'the old cookie is worth nothing').toBe(401);
  await thief.close();
});

test('signing out everywhere ends the session of another browser', async ({ visitor, strata }) => {
  const twice = { email: 'twice@example.net', name: 'Tara Twice' };
  await strata.addPerson({ ...twice, capabilities: ['viewer'] });
  const here = await visitor();
  const there = await visitor();
  for (const page of [here, there]) {
    await open(page, '/sign-in');
    await signIn(page, twice);
    await expect(heading(page, /^Role map/)).toBeVisible();
  }
  await account(here, twice).click();
  await here.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(heading(here, 'Sign in')).toBeVisible();
  await there.goto('/history?env=production');
  await expect(there).toHaveURL(/\/sign-in/);
});

test('the session’s cookie is out of reach of scripts and of other sites, and new at each sign-in', async ({ visitor, strata }) => {
  const page = await visitor();
  const foreign = { name: 'strata', value: 'AAAAAAAAAAAAAAAAAAAAAA', url: strata.address };
  await page.context().addCookies([foreign]);
  await open(page, '/sign-in');
  await signIn(page, ADA);
  await expect(heading(page, /^Role map/)).toBeVisible();
  const cookies = await page.context().cookies();
  // The session, and the word by which a browser that signed in before is known.
  expect(cookies).toHaveLength(2);
  for (const cookie of cookies) {
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  }
  const session = cookies.find((cookie) => cookie.name === 'strata');
  expect(session).toMatchObject({ path: '/' });
  expect(session?.value, 'a session fixed before signing in is worth nothing').not.toBe(foreign.value);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  // Over plain HTTP there is no Secure; behind TLS the server's own tests look at it.
  expect(await page.content()).not.toContain(PASSWORD);
  expect(strata.said(), 'no password in the log').not.toContain('not the password');
});

test('who asked for a part of a page is led back to that part', async ({ visitor, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('To be talked about', { hostname: 'worker-fragment.example.net', address: '10.77.23.1' });
  const page = await visitor();
  await open(page, `/changes/${id}#discussion`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, ADA);
  await expect(page).toHaveURL((url) => url.pathname + url.hash === `/changes/${id}#discussion`);
  await expect(page.locator('#discussion')).toBeInViewport();
});

/** What server functions answer, as it stands in the address of a page after a plain form. */
function said(path: string, error: object): string {
  const encoded = Buffer.from(JSON.stringify(error)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return `__path=${encodeURIComponent(path)}&__err=${encodeURIComponent(encoded)}`;
}

test('no page shows what a stranger wrote into its address', async ({ visitor, signedIn, api }) => {
  const lie = { kind: 'not-you', reason: 'Your account was moved. Write to helpdesk@evil.example.' };
  const id = await (await api(ADA)).changeStart('With a stranger’s link');
  for (const javaScriptEnabled of [true, false]) {
    const page = await visitor({ javaScriptEnabled });
    await page.goto(`/sign-in?next=/changes&${said('/api/sign_in', lie)}`);
    await expect(heading(page, 'Sign in')).toBeVisible();
    await expect(page.getByText('helpdesk')).toHaveCount(0);
    expect(new URL(page.url()).search, 'the rest of the address stays').toBe('?next=%2Fchanges');

    // Nor through signing in: where it leads to may be a stranger's choice, too.
    const led = `/changes?env=production&${said('/api/change_start', lie)}`;
    await page.goto(`/sign-in?next=${encodeURIComponent(led)}`);
    await signIn(page, ADA);
    await expect(heading(page, /^Changes/)).toBeVisible();
    await page.reload();
    await expect(heading(page, /^Changes/)).toBeVisible();
    await expect(page.getByText('helpdesk')).toHaveCount(0);

    const inside = await signedIn(ADA, { javaScriptEnabled });
    for (const [path, name] of [
      [`/changes/${id}`, 'change_submit'],
      [`/changes/${id}/edit`, 'change_edit'],
      ['/changes?env=production', 'change_start'],
      ['/catalogue/role?env=production', 'role_save'],
      ['/settings/policy/propose?env=production', 'policy_propose'],
      ['/settings/schedule/entry?env=production', 'schedule_entry_save'],
      ['/settings/webhooks?env=production', 'webhook_add'],
    ] as const) {
      const separator = path.includes('?') ? '&' : '?';
      // The names of the parts can be written otherwise.
      for (const written of [said(`/api/${name}`, lie), said(`/api/${name}`, lie).replaceAll('__', '%5F_')]) {
        await inside.goto(path + separator + written);
        await expect(inside.getByRole('heading', { level: 1 }), path).toBeVisible();
        await expect(inside.getByText('helpdesk'), path).toHaveCount(0);
      }
    }
  }
});

test('a plain form is led back to our own pages alone', async ({ strata, sessions }) => {
  const cookie = (await sessions.of(ADA)).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  for (const referer of ['https://evil.example/form', `${strata.address}.evil.example/`, 'http://evil.example@127.0.0.1:1/', 'nonsense']) {
    for (const fields of ['email=nobody%40example.net&password=wrong', 'email=']) {
      const answer = await fetch(`${strata.address}/api/sign_in`, {
        method: 'POST',
        headers: { cookie, referer, accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
        body: fields,
        redirect: 'manual',
      });
      const to = answer.headers.get('location') ?? '/';
      expect(new URL(to, strata.address).origin, `from ${referer} to ${to}`).toBe(strata.address);
      expect(await answer.text()).not.toContain('evil.example');
    }
  }
});
