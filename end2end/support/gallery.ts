/** One of everything: each page of Strata, in the states in which it looks different. */

import type { Api } from './api.ts';

/** A page to look at. */
export interface Exhibit {
  name: string;
  path: string;
  /** Nobody is signed in there. */
  visitor?: true;
  /** Its status is an error on purpose. */
  status?: number;
}

/** Names that do not depend on what the server holds, so that tests can be listed before it runs. */
export const EXHIBITS = [
  'sign-in',
  'role-map',
  'role-open',
  'role-list',
  'changes',
  'review-draft',
  'review-in-review',
  'review-approved',
  'review-applied',
  'editor',
  'editor-node',
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
  'audit',
  'not-found',
] as const;

/** Brings a server into a state in which every page has something to show. */
export async function gallery(admin: Api, lead: Api): Promise<Exhibit[]> {
  const applied = await admin.draft('Two more workers for the evening peak', node(1));
  await admin.changeEdit(applied, 'add-node', { hostname: 'worker-gallery-2.example.net', private_ip: '10.77.9.2' });
  await admin.changeEdit(applied, 'assign-role', { hostname: 'worker-gallery-2.example.net', role: 'worker' });
  await admin.submit(applied);
  await lead.approve(applied);
  const { run, revision } = await admin.apply(applied);

  const approved = await admin.draft('A worker in the second data centre', node(3));
  await admin.submit(approved);
  await lead.approve(approved);

  const inReview = await admin.draft('Retire the worker of the test bench', node(4));
  await admin.changeEdit(inReview, 'remove-node', { hostname: 'worker-gallery-2.example.net' });
  await admin.submit(inReview);

  const draft = await admin.draft('A first sketch for next quarter', node(5));
  await admin.changeEdit(draft, 'add-node', { hostname: 'spare-1.example.net', private_ip: '10.77.9.6' });

  const paths: Record<(typeof EXHIBITS)[number], Omit<Exhibit, 'name'>> = {
    'sign-in': { path: '/sign-in', visitor: true },
    'role-map': { path: '/?env=production' },
    'role-open': { path: '/?env=production&role=distributed-database' },
    'role-list': { path: '/?env=production&view=list' },
    changes: { path: '/changes?env=production' },
    'review-draft': { path: `/changes/${draft}` },
    'review-in-review': { path: `/changes/${inReview}` },
    'review-approved': { path: `/changes/${approved}` },
    'review-applied': { path: `/changes/${applied}` },
    editor: { path: `/changes/${draft}/edit` },
    'editor-node': { path: `/changes/${draft}/edit?node=${node(5).hostname}` },
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
    audit: { path: '/audit?env=production' },
    'not-found': { path: '/no/such/page', status: 404 },
  };
  return EXHIBITS.map((name) => ({ name, ...paths[name] }));
}

function node(number: number): { hostname: string; address: string } {
  return { hostname: `worker-gallery-${number}.example.net`, address: `10.77.9.${number}` };
}
