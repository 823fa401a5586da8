/** Every page and every function that reads, many times and several at once, for readers who wait and for readers who leave. */

import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA } from '../support/people.ts';

test.use({ site: 'load' });

const AT_ONCE = 8;
/** How often each is asked for; `STRATA_LOAD=300` for a longer look. */
const TIMES = Number(process.env['STRATA_LOAD'] ?? 100);

const APP = resolve(import.meta.dirname, '../../app/src');

/** What an answer has to be. */
type Check = (answer: { status: number; text: string }) => void;

/** Something to ask for. */
interface Asked {
  path: string;
  check: Check;
}

let cookie = '';
let pages: Record<string, Asked> = {};
let functions: Record<string, Asked> = {};

test.beforeAll(async ({ sessions }) => {
  const [ada, lena] = [await sessions.api(ADA), await sessions.api(LENA)];
  const id = await ada.draft('Looked at often', { hostname: 'worker-load.example.net', address: '10.77.21.1' });
  await ada.submit(id);
  await lena.approve(id);
  const vote = (await ada.changeLoad(id)).votes[0]?.vote.id ?? 0;
  const { run, revision } = await ada.apply(id);
  cookie = (await sessions.of(ADA)).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');

  const page = (path: string, title: string): Asked => ({
    path,
    check: ({ status, text }) => {
      expect(status, path).toBe(200);
      expect(text, path).toContain(`<title>${title} · Strata</title>`);
      expect(text.trimEnd(), `${path} is whole`).toMatch(/<\/html>$|<\/script>$/);
    },
  });
  const env = 'env=production';
  pages = {
    '/sign-in': page('/sign-in', 'Sign in'),
    '/': page(`/?${env}&role=sql`, 'Role map'),
    '/import': page(`/import?${env}`, 'Import'),
    '/approvals': page('/approvals', 'Approvals'),
    '/changes': page(`/changes?${env}`, 'Changes'),
    '/changes/:id': page(`/changes/${id}?since=${vote}`, `Change #${id}`),
    '/changes/:id/edit': page(`/changes/${id}/edit`, `Edit #${id}`),
    '/changes/:id/record': page(`/changes/${id}/record`, `Record of change #${id}`),
    '/runs': page(`/runs?${env}`, 'Runs'),
    '/runs/:id': page(`/runs/${run}`, `Run ${run}`),
    '/history': page(`/history?${env}`, 'History'),
    '/history/:number': page(`/history/${revision}?${env}`, `Revision ${revision}`),
    '/catalogue': page(`/catalogue?${env}`, 'Catalogue'),
    '/catalogue/role': page(`/catalogue/role?${env}`, 'Role'),
    '/settings/policy': page(`/settings/policy?${env}&change=${id}`, 'Policy'),
    '/settings/policy/propose': page(`/settings/policy/propose?${env}`, 'Propose rules'),
    '/settings/schedule': page(`/settings/schedule?${env}`, 'Schedule'),
    '/settings/schedule/entry': page(`/settings/schedule/entry?${env}`, 'Window or freeze'),
    '/settings/notifications': page(`/settings/notifications?${env}`, 'Notifications'),
    '/settings/webhooks': page(`/settings/webhooks?${env}`, 'Webhooks and mail'),
    '/notifications': page('/notifications', 'Notifications'),
    '/advisor': page(`/advisor?${env}&subscribers=20000`, 'Advisor'),
    '/what-if': page(`/what-if?${env}&group=ag-1`, 'What if'),
    '/audit': page(`/audit?${env}`, 'Audit'),
  };

  const read = (name: string, query = ''): Asked => ({
    path: `/api/${name}?${query}`,
    check: ({ status, text }) => {
      expect(status, `${name}: ${text}`).toBe(200);
      JSON.parse(text);
    },
  });
  const of = 'environment=production';
  functions = {
    session_load: read('session_load'),
    role_map_load: read('role_map_load', of),
    change_list: read('change_list', of),
    change_load: read('change_load', `id=${id}`),
    draft_load: read('draft_load', `id=${id}`),
    draft_page_load: read('draft_page_load', `id=${id}&search=sql`),
    draft_tail: read('draft_tail', `id=${id}&after=0`),
    vote_difference: read('vote_difference', `id=${id}&vote=${vote}`),
    record_load: read('record_load', `id=${id}`),
    run_list: read('run_list', of),
    run_load: read('run_load', `id=${run}`),
    revision_list: read('revision_list', of),
    revision_load: read('revision_load', `${of}&number=${revision}`),
    audit_list: read('audit_list', of),
    what_if_load: read('what_if_load', `${of}&taken[group]=ag-1`),
    advisor_load: read('advisor_load', `${of}&figures[subscribers]=20000`),
    catalogue_load: read('catalogue_load', of),
    inbox_load: read('inbox_load'),
    policy_load: read('policy_load', of),
    policy_test: read('policy_test', `${of}&change=${id}`),
    schedule_load: read('schedule_load', of),
    schedule_entry_load: read('schedule_entry_load', of),
    notice_list: read('notice_list'),
    notice_unread: read('notice_unread'),
    choices_load: read('choices_load', of),
    webhooks_load: read('webhooks_load', of),
  };
});

test('nothing that can be looked at is missing here', () => {
  const routes = [...readFileSync(resolve(APP, 'app.rs'), 'utf8').matchAll(/<Route path=path!\("([^"]*)"\)/g)];
  expect(Object.keys(pages).sort()).toEqual(routes.map(([, path]) => path).sort());
  const files = readdirSync(resolve(APP, 'api'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.rs'));
  const sources = files.map((name) => readFileSync(resolve(APP, 'api', name), 'utf8')).join('\n');
  const reading = [...sources.matchAll(/endpoint = "(\w+)",\s*input = GetUrl/g)];
  expect(Object.keys(functions).sort()).toEqual(reading.map(([, name]) => name).sort());
});

test('each answer is the right one, and whole', async ({ strata }) => {
  test.setTimeout(600_000);
  for (const { path, check } of [...Object.values(pages), ...Object.values(functions)]) {
    await several(TIMES, async () => {
      const response = await fetch(strata.address + path, asking(path));
      check({ status: response.status, text: await response.text() });
    });
  }
  expect(panics(strata.said())).toEqual([]);
});

test('readers who leave in the middle harm nobody', async ({ strata }) => {
  test.setTimeout(600_000);
  for (const { path, check } of [...Object.values(pages), ...Object.values(functions)]) {
    // They leave at every moment of what it takes to answer.
    const begun = performance.now();
    const ask = asking(path);
    await (await fetch(strata.address + path, ask)).text();
    const takes = performance.now() - begun;
    await several(TIMES, async (turn) => {
      const leaving = new AbortController();
      const answer = fetch(strata.address + path, { ...ask, signal: leaving.signal })
        .then((response) => response.text())
        .catch(() => undefined);
      await sleep((takes * 1.2 * turn) / TIMES);
      leaving.abort();
      await answer;
    });
    const after = await fetch(strata.address + path, ask);
    check({ status: after.status, text: await after.text() });
  }
  expect(panics(strata.said())).toEqual([]);
});

/** How it is asked for: by a page, or by a program. */
function asking(path: string): RequestInit {
  const accept = path.startsWith('/api/') ? 'application/json' : 'text/html';
  return { headers: { cookie, accept }, redirect: 'manual' };
}

/** What the log tells of panics. */
function panics(log: string): string[] {
  return log.split('\n').filter((line) => line.includes('panicked at'));
}

/** Does it so many times, several at once. */
async function several(times: number, act: (turn: number) => Promise<void>): Promise<void> {
  let next = 0;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let turn = next++; turn < times; turn = next++) {
      await act(turn);
    }
  });
  await Promise.all(workers);
}
