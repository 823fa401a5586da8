/** The API as a program uses it: to bring a server into a state quickly, and to look behind the pages. */

import { type APIRequestContext, type APIResponse, expect } from '@playwright/test';

export const ENVIRONMENT = 'production';

/** The part of the answers that tests look at. */
export interface Review {
  change: { id: number; version: number; state: string; title: string };
  plan: { digest: string; risk: string; steps: unknown[] };
  votes: { vote: { id: number; voter: { name: string }; verdict: string } }[];
  edits: unknown[];
  runs: { id: number; state: string }[];
}

interface RunAnswer {
  run: { id: number; state: string; revision: number | null };
}

/** A node that a draft gets, with the role Worker. */
export interface NewNode {
  hostname: string;
  address: string;
}

/** What tests read of a topology. */
export interface Topology {
  availability_groups: string[];
  nodes: {
    hostname: string;
    private_ip: string;
    public_ip?: string;
    site?: string;
    container?: { platform: string; ha: boolean };
    hardware?: { vcpus?: number; memory_mib?: number; disk?: string; disk_gib?: number; iops?: number };
    roles: Record<string, string | number>[];
  }[];
  services: Record<string, string | number>[];
}

export class Api {
  private readonly request: APIRequestContext;

  constructor(request: APIRequestContext) {
    this.request = request;
  }

  /** Posts a form and gives the answer, whatever it is. */
  async post(name: string, form: Record<string, string>): Promise<APIResponse> {
    return this.request.post(`/api/${name}`, { form, headers: { Accept: 'application/json' }, maxRedirects: 0 });
  }

  /** Posts a form that has to be taken; gives the address that it leads to. */
  private async led(name: string, form: Record<string, string>): Promise<string> {
    const response = await this.post(name, form);
    expect(response.status(), `${name}: ${await response.text()}`).toBeLessThan(400);
    return response.headers()['location'] ?? '';
  }

  private async read<Answer>(name: string, params: Record<string, string | number>): Promise<Answer> {
    const response = await this.request.get(`/api/${name}`, { params, headers: { Accept: 'application/json' } });
    expect(response.status(), `${name}: ${await response.text()}`).toBe(200);
    return (await response.json()) as Answer;
  }

  async changeLoad(id: number): Promise<Review> {
    return this.read<Review>('change_load', { id });
  }

  /** A draft with the topology that it builds on, as the editor loads it. */
  async draftLoad(id: number): Promise<{ base: Topology }> {
    return this.read<{ base: Topology }>('draft_load', { id });
  }

  async changeIds(): Promise<number[]> {
    const { changes } = await this.read<{ changes: { change: { id: number } }[] }>('change_list', { environment: ENVIRONMENT });
    return changes.map(({ change }) => change.id);
  }

  /** A draft over the live revision; gives its id. */
  async changeStart(title: string, environment = ENVIRONMENT): Promise<number> {
    return numberIn(await this.led('change_start', { environment, title }));
  }

  /** One edit of a draft, by the fields of the editor's form: `hostname`, `settings[concurrency]`. */
  async changeEdit(id: number, kind: string, fields: Record<string, string>): Promise<void> {
    const { change } = await this.changeLoad(id);
    const named = Object.entries({ kind, ...fields }).map(([name, value]) => [name.replace(/^\w+/, 'form[$&]'), value]);
    const form = Object.fromEntries(named) as Record<string, string>;
    await this.led('change_edit', { id: `${id}`, version: `${change.version}`, ...form });
  }

  /** A draft that adds a worker. */
  async draft(title: string, node: NewNode): Promise<number> {
    const id = await this.changeStart(title);
    await this.changeEdit(id, 'add-node', { hostname: node.hostname, private_ip: node.address });
    await this.changeEdit(id, 'assign-role', { hostname: node.hostname, role: 'worker', 'settings[concurrency]': '4' });
    return id;
  }

  /** A window or a freeze, by the fields of its form. */
  async scheduleAdd(fields: Record<string, string>): Promise<void> {
    const all = { zone: 'Europe/Berlin', reason: 'Few people are at work to mend what breaks.', ...fields };
    const form = Object.fromEntries(Object.entries(all).map(([name, value]) => [`form[${name}]`, value]));
    await this.led('schedule_entry_save', { environment: ENVIRONMENT, ...form });
  }

  async submit(id: number): Promise<void> {
    const { change } = await this.changeLoad(id);
    await this.led('change_submit', { id: `${id}`, version: `${change.version}` });
  }

  /** What the Approve button of that moment would send. */
  async approval(id: number): Promise<Record<string, string>> {
    const { change, plan } = await this.changeLoad(id);
    return { id: `${id}`, version: `${change.version}`, verdict: 'approve', digest: plan.digest };
  }

  async approve(id: number): Promise<void> {
    await this.led('change_vote', await this.approval(id));
  }

  /** Applies and waits until the run has ended well; gives the run and the revision that it made. */
  async apply(id: number): Promise<{ run: number; revision: number }> {
    const { change } = await this.changeLoad(id);
    const run = numberIn(await this.led('change_apply', { id: `${id}`, version: `${change.version}` }));
    return { run, revision: await this.runEnds(run) };
  }

  /** Waits until a run has ended well; gives the revision that it made. */
  async runEnds(run: number): Promise<number> {
    let revision: number | null = null;
    await expect
      .poll(
        async () => {
          const answer = await this.read<RunAnswer>('run_load', { id: run });
          revision = answer.run.revision;
          return answer.run.state;
        },
        { message: `run ${run} ends well`, timeout: 30_000, intervals: [100] },
      )
      .toBe('succeeded');
    expect(revision).not.toBeNull();
    return revision ?? 0;
  }
}

/** The first number in an address. */
function numberIn(address: string): number {
  const found = /\/(\d+)/.exec(address)?.[1];
  expect(found, `a number in ${address}`).toBeDefined();
  return Number(found);
}
