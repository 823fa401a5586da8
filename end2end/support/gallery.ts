/** One of everything: each page of Strata, in the states in which it looks different. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { type Page, expect } from '@playwright/test';

import type { Api } from './api.ts';
import { hydrated } from './browser.ts';
import { ADA, LENA, type Person } from './people.ts';
import type { StrataServer } from './server.ts';
import type { Sessions } from './sessions.ts';

/** A page to look at. */
export interface Exhibit {
  name: string;
  path: string;
  /** Who looks; Ada where not said. */
  person?: Person;
  /** Nobody is signed in there. */
  visitor?: true;
  /** Its status is an error on purpose. */
  status?: number;
  /** What a person does there before they look. */
  act?: (page: Page) => Promise<void>;
  /** What the browser complains of meanwhile. */
  noise?: RegExp;
}

/** Names that do not depend on what the server holds, so that tests can be listed before it runs. */
export const EXHIBITS = [
  'sign-in',
  'role-map',
  'role-open',
  'role-list',
  'changes',
  'approvals',
  'review-draft',
  'review-in-review',
  'review-approved',
  'review-applied',
  'record',
  'editor',
  'editor-node',
  'editor-table',
  'editor-text',
  'editor-drag',
  'editor-conflict',
  'editor-5000',
  'import',
  'runs',
  'run',
  'history',
  'revision',
  'what-if',
  'advisor',
  'advisor-proposal',
  'catalogue',
  'catalogue-role',
  'policy',
  'policy-propose',
  'schedule',
  'schedule-entry',
  'notifications',
  'notification-choices',
  'webhooks',
  'audit',
  'not-found',
] as const;

/** Brings a server into a state in which every page has something to show. */
export async function gallery(server: StrataServer, sessions: Sessions): Promise<Exhibit[]> {
  const [admin, lead] = [await sessions.api(ADA), await sessions.api(LENA)];
  const applied = await admin.draft('Two more workers for the evening peak', node(1));
  await admin.changeEdit(applied, 'add-node', { hostname: 'worker-gallery-2.example.net', private_ip: '10.77.9.2' });
  await admin.changeEdit(applied, 'assign-role', { hostname: 'worker-gallery-2.example.net', role: 'worker' });
  await admin.submit(applied);
  await lead.approve(applied);
  const { run, revision } = await admin.apply(applied);

  await lead.scheduleAdd({ kind: 'freeze', name: 'Christmas', every: 'yearly', month: '12', day: '20', yearly_at: '00:00', yearly_hours: '336' });
  // Closed but for an hour of each week, so that what is approved shows how it waits.
  await lead.scheduleAdd({ kind: 'window', name: 'Quiet hour', every: 'weekly', 'days][sunday': 'on', weekly_at: '03:00', weekly_hours: '1' });

  const approved = await admin.draft('A worker in the second data centre', node(3));
  await admin.submit(approved);
  await lead.approve(approved);

  const inReview = await admin.draft('Retire the worker of the test bench', node(4));
  await admin.changeEdit(inReview, 'remove-node', { hostname: 'worker-gallery-2.example.net' });
  await admin.submit(inReview);

  const draft = await admin.draft('A first sketch for next quarter', node(5));
  await admin.changeEdit(draft, 'add-node', { hostname: 'spare-1.example.net', private_ip: '10.77.9.6' });

  await admin.changeEdit(draft, 'remove-node', { hostname: 'ddb-18.example.net' });
  await admin.changeEdit(draft, 'update-settings', { hostname: 'worker-1.example.net', role: 'worker', 'settings[concurrency]': '8' });
  const disputed = await admin.draft('Two people at once', { hostname: 'worker-disputed.example.net', address: '10.77.9.7' });
  await server.importTopology(LARGE, largeTopology());
  await server.addPerson({ ...LARS, capabilities: ['admin'], environment: LARGE });
  const large = await (await sessions.api(LARS)).changeStart('Among five thousand', LARGE);

  const paths: Record<(typeof EXHIBITS)[number], Omit<Exhibit, 'name'>> = {
    'sign-in': { path: '/sign-in', visitor: true },
    'role-map': { path: '/?env=production' },
    'role-open': { path: '/?env=production&role=distributed-database' },
    'role-list': { path: '/?env=production&view=list' },
    changes: { path: '/changes?env=production' },
    approvals: { path: '/approvals', person: LENA },
    'review-draft': { path: `/changes/${draft}` },
    'review-in-review': { path: `/changes/${inReview}` },
    'review-approved': { path: `/changes/${approved}` },
    'review-applied': { path: `/changes/${applied}` },
    record: { path: `/changes/${applied}/record` },
    editor: { path: `/changes/${draft}/edit` },
    'editor-node': { path: `/changes/${draft}/edit?node=${node(5).hostname}` },
    'editor-table': { path: `/changes/${draft}/edit?view=table` },
    'editor-text': { path: `/changes/${draft}/edit?view=text`, act: mistype },
    'editor-drag': { path: `/changes/${draft}/edit`, act: drag },
    'editor-conflict': { path: `/changes/${disputed}/edit`, act: (page) => dispute(page, disputed, admin), noise: /ERR_INTERNET_DISCONNECTED/ },
    'editor-5000': { path: `/changes/${large}/edit`, person: LARS },
    import: { path: '/import?env=production' },
    runs: { path: '/runs?env=production' },
    run: { path: `/runs/${run}` },
    history: { path: '/history?env=production' },
    revision: { path: `/history/${revision}?env=production` },
    'what-if': { path: '/what-if?env=production&group=ag-1' },
    advisor: { path: '/advisor?env=production' },
    'advisor-proposal': { path: '/advisor?env=production&subscribers=20000&sites=dc1,dc2' },
    catalogue: { path: '/catalogue?env=production' },
    'catalogue-role': { path: '/catalogue/role?env=production' },
    policy: { path: `/settings/policy?env=production&change=${inReview}`, person: LENA },
    'policy-propose': { path: '/settings/policy/propose?env=production' },
    schedule: { path: '/settings/schedule?env=production', person: LENA },
    notifications: { path: '/notifications' },
    'notification-choices': { path: '/settings/notifications?env=production' },
    webhooks: { path: '/settings/webhooks?env=production' },
    'schedule-entry': { path: '/settings/schedule/entry?env=production', person: LENA },
    audit: { path: '/audit?env=production' },
    'not-found': { path: '/no/such/page', status: 404 },
  };
  return EXHIBITS.map((name) => ({ name, ...paths[name] }));
}

function node(number: number): { hostname: string; address: string } {
  return { hostname: `worker-gallery-${number}.example.net`, address: `10.77.9.${number}` };
}

/** Opens an exhibit and does what is to be seen of it. */
export async function show(page: Page, exhibit: Exhibit): Promise<void> {
  await page.goto(exhibit.path);
  await hydrated(page);
  await exhibit.act?.(page);
}

/** A text that cannot be read. */
async function mistype(page: Page): Promise<void> {
  const area = page.getByRole('textbox', { name: 'The draft as a topology file' });
  await area.fill((await area.inputValue()).replace('nodes:', 'nodes:\n- hostnmae: typo-1.example.net'));
  await expect(page.getByRole('alert')).toContainText('line');
}

/** A card on its way to another column. */
async function drag(page: Page): Promise<void> {
  await page.locator('[data-node="worker-1.example.net"]').hover();
  await page.mouse.down();
  const target = page.getByRole('listbox', { name: /^Infrastructure management, dc2,/ });
  // A hand does not jump: each move tells the page where it is.
  for (let step = 0; step < 5; step += 1) {
    const box = await target.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 20 + 4 * step, (box?.y ?? 0) + 16 + step);
  }
  await expect(page.locator('[data-over]')).toHaveCount(1);
}

/** Two people give the same node another site. */
async function dispute(page: Page, id: number, other: Api): Promise<void> {
  await page.locator('[data-node="worker-disputed.example.net"]').click();
  await page.context().setOffline(true);
  await page.getByRole('combobox', { name: 'Site' }).fill('dc1');
  await page.getByRole('button', { name: 'Set site of 1 node' }).click();
  await other.changeEdit(id, 'update-node', { hostname: 'worker-disputed.example.net', private_ip: '10.77.9.7', site: 'dc2' });
  await page.context().setOffline(false);
  await expect(page.getByRole('region', { name: 'Returned to you' })).toBeVisible();
}

const LARGE = 'large';
/** Admin of it, and of nothing else. */
const LARS: Person = { email: 'large@example.net', name: 'Lars Large' };
const LARGE_NODES = 5_000;

/** The example with workers beside it, until it has that many nodes. */
function largeTopology(): string {
  const example = readFileSync(resolve(import.meta.dirname, '../../examples/voip-18.yaml'), 'utf8');
  const [before = '', after = ''] = example.replace(/^environment: .*$/m, `environment: ${LARGE}`).split(/^services:/m);
  const missing = LARGE_NODES - (before.match(/^ *- *hostname:/gm)?.length ?? 0);
  const more = Array.from({ length: missing }, (_, place) => {
    const address = `10.${100 + Math.floor(place / 65_536)}.${Math.floor(place / 256) % 256}.${place % 256}`;
    return `  - { hostname: worker-${place + 1_000}.example.net, private_ip: ${address}, site: dc${(place % 6) + 1}, roles: [{ role: worker }] }\n`;
  });
  return `${before.trimEnd()}\n${more.join('')}services:${after}`;
}
