/** The example with eighteen database nodes, built from nothing: once by the keyboard alone, once by the pointer. */

import type { Locator, Page } from '@playwright/test';

import type { Topology } from '../support/api.ts';
import { disclosure, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { tabTo } from '../support/keyboard.ts';
import { ADA, type Person } from '../support/people.ts';
import type { StrataServer } from '../support/server.ts';
import type { Sessions } from '../support/sessions.ts';

test.use({ site: 'building' });
// Some forty nodes, each through the form that people use.
test.setTimeout(300_000);

/** What the form of a node asks for, in its order; empty where nothing is known. */
interface Facts {
  Hostname: string;
  Roles: string;
  'Private address': string;
  'Public address': string;
  Site: string;
  Platform: string;
  'High availability': boolean;
  vCPUs: string;
  Memory: string;
  Disk: string;
  'Disk size': string;
  IOPS: string;
}

type Field = keyof Facts;

const FIELDS: Field[] = [
  'Hostname', 'Roles', 'Private address', 'Public address', 'Site', 'Platform', 'High availability', 'vCPUs', 'Memory', 'Disk', 'Disk size', 'IOPS',
];

interface Work {
  /** The editor of a draft over nothing. */
  page: Page;
  /** What has to come of it. */
  model: Topology;
  /** The same as a file. */
  wanted: string;
}

/** An environment with nothing in it, a draft in it, and somebody to build there. */
async function fromNothing(environment: string, strata: StrataServer, sessions: Sessions, signedIn: (person: Person) => Promise<Page>): Promise<Work> {
  await strata.importTopology(environment, `version: 1\nenvironment: ${environment}\nnodes: []\n`);
  const builder = { email: `${environment}@example.net`, name: 'Bob Builder' };
  await strata.addPerson({ ...builder, capabilities: ['admin'], environment });
  const ada = await sessions.api(ADA);
  const model = await ada.changeStart(`The model for ${environment}`);
  const { base } = await ada.draftLoad(model);
  const reader = await signedIn(ADA);
  await open(reader, `/changes/${model}/edit?view=text`);
  const wanted = bare(await text(reader));
  const id = await (await sessions.api(builder)).changeStart('From nothing', environment);
  const page = await signedIn(builder);
  await open(page, `/changes/${id}/edit`);
  return { page, model: base, wanted };
}

function factsOf(node: Topology['nodes'][number]): Facts {
  const figure = (value?: number): string => (value === undefined ? '' : `${value}`);
  const settings = (role: Topology['nodes'][number]['roles'][number]): string => {
    const list = Object.entries(role).filter(([name]) => name !== 'role');
    return list.length === 0 ? '' : ` (${list.map(([name, value]) => `${name}: ${value}`).join(', ')})`;
  };
  return {
    Hostname: node.hostname,
    Roles: node.roles.map((role) => `${role.role}${settings(role)}`).join('; '),
    'Private address': node.private_ip,
    'Public address': node.public_ip ?? '',
    Site: node.site ?? '',
    Platform: node.container?.platform ?? '',
    'High availability': node.container?.ha ?? false,
    vCPUs: figure(node.hardware?.vcpus),
    Memory: figure(node.hardware?.memory_mib),
    Disk: node.hardware?.disk ?? '',
    'Disk size': figure(node.hardware?.disk_gib),
    IOPS: figure(node.hardware?.iops),
  };
}

async function text(page: Page): Promise<string> {
  return page.getByRole('textbox', { name: 'The draft as a topology file' }).inputValue();
}

/** A topology file without the name of its environment and the ids of its nodes. */
function bare(file: string): string {
  return file.replace(/^environment: .*\n/m, '').replaceAll(/^- id: .*\n  /gm, '- ');
}

const form = (page: Page): Locator => region(page, 'Add a node').getByRole('form', { name: 'Add node' });
const field = (page: Page, name: Field): Locator => form(page).getByLabel(name, { exact: false }).and(page.locator('input, select')).first();

async function filled(page: Page): Promise<Facts> {
  const at = async (name: Field): Promise<string> => field(page, name).inputValue();
  return {
    Hostname: await at('Hostname'),
    Roles: await at('Roles'),
    'Private address': await at('Private address'),
    'Public address': await at('Public address'),
    Site: await at('Site'),
    Platform: await at('Platform'),
    'High availability': await field(page, 'High availability').isChecked(),
    vCPUs: await at('vCPUs'),
    Memory: await at('Memory'),
    Disk: await at('Disk'),
    'Disk size': await at('Disk size'),
    IOPS: await at('IOPS'),
  };
}

/** Whether a node is best made like the one before: another number of the same kind. */
function isLike(one: Facts | undefined, other: Facts): boolean {
  return one !== undefined && one.Hostname.replace(/\d+/, '') === other.Hostname.replace(/\d+/, '');
}

/** The fields of the object store, in the order of its form. */
function media(model: Topology): [label: string, value: string][] {
  const service = model.services[0] ?? {};
  const value = (name: string): string => `${service[name] ?? ''}`;
  return [
    ['Service name', value('name')],
    ['Backend', value('backend')],
    ['Path', value('path')],
    ['Endpoint', value('endpoint')],
    ['Bucket', value('bucket')],
    ['Region', value('region')],
    ['Capacity in GiB', value('capacity_gib')],
  ];
}

/** Nothing is left to mend, everything is saved, and it says what the example says. */
async function expectBuilt({ page, wanted }: Work): Promise<void> {
  await expect(region(page, 'Findings')).toContainText('No finding');
  await expect(page.getByRole('status', { name: 'Saving' })).toContainText('Saved');
  expect(bare(await text(page))).toBe(wanted);
}

test('by the keyboard alone', async ({ strata, sessions, signedIn }) => {
  const work = await fromNothing('by-keys', strata, sessions, signedIn);
  const { page, model } = work;
  const { keyboard } = page;
  const said = page.locator('.said');
  for (const name of model.availability_groups) {
    await keyboard.press('g');
    await expect(page.getByLabel('New group')).toBeFocused();
    await keyboard.type(name);
    await keyboard.press('Enter');
    await expect(said).toContainText(name);
    await keyboard.press('Escape');
  }
  let before: Facts | undefined;
  for (const node of model.nodes.map(factsOf)) {
    await keyboard.press(isLike(before, node) ? 'd' : 'n');
    await expect(field(page, 'Hostname')).toBeFocused();
    const proposed = await filled(page);
    for (const name of FIELDS) {
      if (name !== 'Hostname') {
        await keyboard.press('Tab');
      }
      const value = node[name];
      if (proposed[name] === value) {
        continue;
      }
      await expect(field(page, name)).toBeFocused();
      if (typeof value === 'boolean') {
        await keyboard.press('Space');
      } else if (name === 'Platform' || name === 'Disk') {
        await keyboard.type(value);
      } else {
        await keyboard.press('ControlOrMeta+A');
        await (value === '' ? keyboard.press('Delete') : keyboard.type(value));
      }
    }
    await keyboard.press('Enter');
    // The panel is on the new node, and so is the keyboard: the next one is a key away.
    await expect(page.locator('section#node')).toBeFocused();
    await expect(page.getByRole('heading', { level: 2, name: node.Hostname, exact: true })).toBeVisible();
    before = node;
  }
  await tabTo(page, disclosure(page, 'Add Unstructured Storage as a service'));
  await keyboard.press('Enter');
  for (const [label, value] of media(model)) {
    await keyboard.press('Tab');
    await expect(page.getByRole('form', { name: /^Add .* as a service$/ }).getByLabel(label)).toBeFocused();
    await keyboard.type(value);
  }
  await keyboard.press('Enter');
  await expect(said).toContainText('media');
  await keyboard.press('Escape');
  await keyboard.press('3');
  await expect(page.getByRole('textbox', { name: 'The draft as a topology file' })).toBeVisible();
  await expectBuilt(work);
});

test('by the pointer, the keyboard only for what is typed into fields', async ({ strata, sessions, signedIn }) => {
  const work = await fromNothing('by-pointer', strata, sessions, signedIn);
  const { page, model } = work;
  const said = page.locator('.said');
  for (const name of model.availability_groups) {
    await page.getByLabel('New group').click();
    await page.keyboard.insertText(name);
    await page.getByRole('button', { name: 'Add group' }).click();
    await expect(said).toContainText(name);
  }
  const chips = page.getByRole('list', { name: 'Roles to drag onto nodes' });
  const card = (hostname: string): Locator => page.locator(`.card[data-node="${hostname}"]`);
  let before: Facts | undefined;
  for (const [place, node] of model.nodes.map(factsOf).entries()) {
    const alike = isLike(before, node);
    if (alike) {
      await page.getByRole('button', { name: 'Add another like it' }).click();
    } else {
      await page.getByRole('button', { name: 'Add a node' }).click();
    }
    const proposed = await filled(page);
    for (const name of FIELDS.filter((one) => one !== 'Roles' && proposed[one] !== node[one])) {
      const value = node[name];
      if (typeof value === 'boolean') {
        await field(page, name).click();
      } else if (name === 'Platform' || name === 'Disk') {
        await field(page, name).selectOption(value);
      } else {
        await field(page, name).click({ clickCount: 3 });
        await page.keyboard.insertText(value);
      }
    }
    await form(page).getByRole('button', { name: 'Add node' }).click();
    await expect(page.getByRole('heading', { level: 2, name: node.Hostname, exact: true })).toBeVisible();
    const role = model.nodes[place]?.roles[0];
    if (role === undefined) {
      continue;
    }
    if (!alike) {
      await chips.locator(`[data-role="${role['role']}"]`).dragTo(card(node.Hostname));
      await expect(said).toContainText('Assign');
    }
    // The settings that neither the drag nor the node before gave.
    const settings = page.getByRole('form', { name: /^Settings of/ });
    for (const [label, name] of [['Replication', 'replication'], ['Availability group', 'availability_group'], ['Tasks at once', 'concurrency']] as const) {
      const value = role[name];
      if (value === undefined || (await settings.getByLabel(label).inputValue()) === `${value}`) {
        continue;
      }
      if (name === 'concurrency') {
        await settings.getByLabel(label).click({ clickCount: 3 });
        await page.keyboard.insertText(`${value}`);
      } else {
        await settings.getByLabel(label).selectOption(`${value}`);
      }
      await settings.getByRole('button', { name: 'Update settings' }).click();
      await expect(said).toContainText('Set ');
    }
    before = node;
  }
  await disclosure(page, 'Add Unstructured Storage as a service').click();
  const service = page.getByRole('form', { name: 'Add Unstructured Storage as a service' });
  for (const [label, value] of media(model)) {
    const entry = service.getByLabel(label);
    if (label === 'Backend') {
      await entry.selectOption(value);
    } else {
      await entry.click();
      await page.keyboard.insertText(value);
    }
  }
  await service.getByRole('button', { name: 'Add service' }).click();
  await expect(said).toContainText('media');
  await page.getByRole('button', { name: 'Text', exact: true }).click();
  await expectBuilt(work);
});
