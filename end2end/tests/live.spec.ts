/** News in many tabs at once, and pages that say when they hear none. */

import { setTimeout as sleep } from 'node:timers/promises';

import type { BrowserContext, Page } from '@playwright/test';

import { badge, heading, open } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA } from '../support/people.ts';
import { StrataServer } from '../support/server.ts';
import { Sessions } from '../support/sessions.ts';

test.use({ site: 'live' });

/** Empty while the server is heard. */
const live = (page: Page) => page.getByRole('status', { name: 'Live', exact: true });

/** The pages that asked for a stream of news, one entry for each time. */
function streams(context: BrowserContext): Page[] {
  const asked: Page[] = [];
  context.on('request', (request) => {
    if (new URL(request.url()).pathname === '/events') {
      asked.push(request.frame().page());
    }
  });
  return asked;
}

test('twelve tabs of one browser load, share one stream, and the next leads when the leader closes', async ({ signedIn, api }) => {
  test.setTimeout(120_000);
  const [ada, lena] = [await api(ADA), await api(LENA)];
  const id = await ada.draft('Seen in twelve tabs', { hostname: 'worker-twelve.example.net', address: '10.77.22.1' });
  const first = await signedIn(ADA);
  const asked = streams(first.context());
  const tabs = [first];
  while (tabs.length < 12) {
    tabs.push(await first.context().newPage());
  }
  for (const tab of tabs) {
    await open(tab, `/changes/${id}`);
  }
  await ada.submit(id);
  for (const tab of tabs) {
    await expect(badge(tab, 'in review')).toBeVisible();
    await expect(live(tab)).toBeEmpty();
  }
  expect(asked, 'one stream for all').toEqual([first]);

  await first.close();
  await expect.poll(() => asked.length, { message: 'another tab leads' }).toBe(2);
  await lena.approve(id);
  for (const tab of tabs.slice(1)) {
    await expect(badge(tab, 'approved')).toBeVisible();
  }
  expect(asked).toHaveLength(2);
});

test('a leader that is asked for nothing any more lets another lead', async ({ signedIn, api }) => {
  const ada = await api(ADA);
  const id = await ada.draft('Signed out elsewhere', { hostname: 'worker-leaves.example.net', address: '10.77.22.2' });
  const first = await signedIn(ADA);
  const asked = streams(first.context());
  const second = await first.context().newPage();
  await open(first, `/changes/${id}`);
  await open(second, `/changes/${id}`);
  // To a page of the same document that listens to nothing.
  await first.goto('about:blank');
  await expect.poll(() => asked.length).toBe(2);
  await ada.submit(id);
  await expect(badge(second, 'in review')).toBeVisible();
});

test('twelve tabs of a browser without locks share one stream too', async ({ signedIn, api }) => {
  test.setTimeout(120_000);
  const [ada, lena] = [await api(ADA), await api(LENA)];
  const id = await ada.draft('Heard without locks', { hostname: 'worker-locks.example.net', address: '10.77.22.3' });
  const first = await signedIn(ADA);
  // As over plain HTTP on any host but this machine's.
  await first.context().addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }));
  const asked = streams(first.context());
  const tabs = [first];
  while (tabs.length < 12) {
    tabs.push(await first.context().newPage());
  }
  for (const tab of tabs) {
    await open(tab, `/changes/${id}`);
  }
  await ada.submit(id);
  for (const tab of tabs) {
    await expect(badge(tab, 'in review')).toBeVisible();
    await expect(live(tab)).toBeEmpty();
  }
  expect(asked, 'one stream for all').toEqual([first]);

  await first.close({ runBeforeUnload: true });
  await expect.poll(() => asked.length, { message: 'another tab leads' }).toBe(2);
  await lena.approve(id);
  for (const tab of tabs.slice(1)) {
    await expect(badge(tab, 'approved')).toBeVisible();
  }
  expect(asked, 'and one alone').toHaveLength(2);
});

test('a stream that is cut off each time it was heard is asked for with a growing pause', async ({ signedIn, api, complaints }) => {
  complaints.expect(/\/events/);
  const ada = await api(ADA);
  const id = await ada.draft('Cut off by a proxy', { hostname: 'worker-proxy.example.net', address: '10.77.22.6' });
  const page = await signedIn(ADA);
  let [asked, read] = [0, 0];
  await page.clock.install();
  // As a proxy that ends every answer: it opens, says something, and is over.
  await page.context().route('**/events*', (route) => {
    asked += 1;
    return route.fulfill({ contentType: 'text/event-stream', body: 'event: beat\ndata: \n\n' });
  });
  page.on('request', (request) => {
    read += Number(new URL(request.url()).pathname === '/api/change_load');
  });
  await open(page, `/changes/${id}`);
  for (let second = 0; second < 300; second += 5) {
    await page.clock.runFor(5_000);
    await sleep(20);
  }
  expect(asked, 'tries in five minutes').toBeLessThan(25);
  expect(asked).toBeGreaterThan(5);
  expect(read, 'and no more is read').toBeLessThanOrEqual(2 * asked);
});

test('a page that hears nothing says so, asks with a growing pause, and reads again when it does', async ({ signedIn, api, complaints }) => {
  complaints.expect(/\/events/);
  const ada = await api(ADA);
  const id = await ada.draft('Out of hearing', { hostname: 'worker-deaf.example.net', address: '10.77.22.4' });
  const page = await signedIn(ADA);
  let asked = 0;
  await page.clock.install();
  await page.context().route('**/events*', (route) => {
    asked += 1;
    return route.abort();
  });
  await open(page, `/changes/${id}`);
  await expect(live(page)).toContainText('Not live');
  await ada.submit(id);
  await expect(badge(page, 'draft'), 'it cannot know yet').toBeVisible();
  // Five minutes, in steps as they pass.
  for (let second = 0; second < 300; second += 5) {
    await page.clock.runFor(5_000);
    // What was asked for has to fail before the page can ask again.
    await sleep(20);
  }
  expect(asked, 'tries in five minutes').toBeLessThan(25);
  expect(asked).toBeGreaterThan(5);

  await page.context().unroute('**/events*');
  // In small steps: a minute at one go would look like a minute without a beat.
  await expect(async () => {
    await page.clock.runFor(2_000);
    await expect(live(page)).toBeEmpty({ timeout: 500 });
  }).toPass({ timeout: 45_000 });
  await expect(badge(page, 'in review')).toBeVisible();
});

test('a server that hangs is missed after three beats, and heard again when it goes on', async ({ browser, complaints }) => {
  test.setTimeout(120_000);
  complaints.expect(/\/events|ERR_/);
  const strata = await StrataServer.start('hangs');
  const sessions = new Sessions(strata.address);
  try {
    const ada = await sessions.api(ADA);
    const id = await ada.changeStart('While it hangs');
    const context = await browser.newContext({ baseURL: strata.address, storageState: await sessions.of(ADA) });
    complaints.listen(context);
    const page = await context.newPage();
    await page.clock.install();
    await open(page, `/changes/${id}`);
    await expect(live(page)).toBeEmpty();
    strata.freeze();
    await page.clock.fastForward('00:30');
    await expect(live(page)).toBeEmpty();
    await page.clock.fastForward('00:20');
    await expect(live(page)).toContainText('Not live');
    strata.thaw();
    await page.clock.runFor(60_000);
    await expect(live(page)).toBeEmpty();
    await context.close();
  } finally {
    strata.thaw();
    await sessions.dispose();
    await strata.stop();
  }
});

test('a server that is killed leaves the page of a run as it was, and saying so', async ({ browser, complaints }) => {
  test.setTimeout(120_000);
  complaints.expect(/\/events|ERR_/);
  const strata = await StrataServer.start('crashes', { STRATA_DRY_RUN_PAUSE_MS: '2000' });
  const sessions = new Sessions(strata.address);
  let crashed = false;
  try {
    const [ada, lena] = [await sessions.api(ADA), await sessions.api(LENA)];
    const id = await ada.draft('Cut off', { hostname: 'worker-cut.example.net', address: '10.77.22.5' });
    await ada.submit(id);
    await lena.approve(id);
    const { change } = await ada.changeLoad(id);
    const applied = await ada.post('change_apply', { id: `${id}`, version: `${change.version}` });
    const run = /\/runs\/(\d+)/.exec(applied.headers()['location'] ?? '')?.[1];
    const context = await browser.newContext({ baseURL: strata.address, storageState: await sessions.of(ADA) });
    complaints.listen(context);
    const [page, other] = [await context.newPage(), await context.newPage()];
    await open(page, `/runs/${run}`);
    await open(other, `/runs/${run}`);
    await strata.crash();
    crashed = true;
    for (const tab of [page, other]) {
      await expect(live(tab)).toContainText('Not live: the server is not heard, and what you see may be out of date.');
      await expect(heading(tab, `Run ${run}`)).toBeVisible();
    }
    await context.close();
  } finally {
    await sessions.dispose();
    if (!crashed) {
      await strata.stop();
    }
  }
});
