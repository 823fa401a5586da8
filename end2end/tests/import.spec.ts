import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { Page } from '@playwright/test';

import { badge, heading, open, region } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { ADA, VERA } from '../support/people.ts';

test.use({ site: 'import' });

const EXAMPLE = readFileSync(resolve(import.meta.dirname, '../../examples/voip-18.yaml'), 'utf8');

const HEAD = 'version: 1\nenvironment: production\n';

/** Files that cannot be imported, and what the page has to say of each. */
const BAD: { what: string; bytes: Buffer | string; says: RegExp[] }[] = [
  { what: 'the wrong shape', bytes: `${HEAD}nodes: 5\n`, says: [/line 3/, /column \d+/] },
  {
    what: 'an unknown key',
    bytes: `${HEAD}nodes:\n  - hostnam: a.example.net\n    private_ip: 10.0.0.1\n`,
    says: [/hostnam/, /line 4, column 5/],
  },
  {
    what: 'an unknown role',
    bytes: `${HEAD}nodes:\n  - hostname: a.example.net\n    private_ip: 10.0.0.1\n    roles: [{ role: teapot }]\n`,
    says: [/teapot/, /line 6/],
  },
  {
    what: 'bytes that are not UTF-8',
    bytes: Buffer.concat([Buffer.from(`${HEAD}nodes: [] # caf`), Buffer.from([0xe9]), Buffer.from('\n')]),
    says: [/UTF-8/, /line 3/],
  },
  { what: 'another environment', bytes: 'version: 1\nenvironment: staging\nnodes: []\n', says: [/staging/, /production/] },
  { what: 'what is live already', bytes: EXAMPLE, says: [/nothing to change/] },
  { what: 'a bomb of aliases', bytes: bomb(), says: [/line \d+/] },
];

for (const { what, bytes, says } of BAD) {
  test(`a file with ${what} is refused with its place, and changes nothing`, async ({ signedIn, api }) => {
    const ada = await api(ADA);
    const before = await ada.changeIds();
    const page = await signedIn(ADA);
    await choose(page, { name: 'topology.yaml', mimeType: 'application/yaml', buffer: Buffer.from(bytes) });
    await expect(heading(page, 'Import a topology file')).toBeVisible();
    for (const words of says) {
      await expect(page.getByRole('alert')).toHaveText(words);
    }
    expect(await ada.changeIds()).toEqual(before);
  });
}

test('a file of 50 MB is refused with the limit, and changes nothing', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 413/);
  const ada = await api(ADA);
  const before = await ada.changeIds();
  const folder = mkdtempSync(join(tmpdir(), 'strata-e2e-file-'));
  const file = join(folder, 'large.yaml');
  writeFileSync(file, `${HEAD}nodes: []\n`);
  writeFileSync(file, Buffer.alloc(50 * 1024 * 1024, '#'), { flag: 'a' });
  const page = await signedIn(ADA);
  await choose(page, file);
  await expect(page.getByText(/too large|larger than/)).toContainText('16 MiB');
  expect(await ada.changeIds()).toEqual(before);
  rmSync(folder, { recursive: true });
});

test('a good file becomes a change to review, and not the live map', async ({ signedIn }) => {
  const page = await signedIn(ADA);
  const added = 'nodes:\n  - hostname: imported-1.example.net\n    private_ip: 10.77.8.1\n    roles: [{ role: worker }]\n';
  const larger = EXAMPLE.replace(/^nodes:\n/m, added);
  expect(larger).not.toBe(EXAMPLE);
  await choose(page, { name: 'larger.yaml', mimeType: 'application/yaml', buffer: Buffer.from(larger) });
  await expect(heading(page, 'Import of larger.yaml')).toBeVisible();
  await expect(region(page, 'What it does')).toContainText('node imported-1.example.net (worker)');
  await expect(badge(page, 'draft')).toBeVisible();
  await open(page, '/?env=production&role=worker');
  await expect(page.getByText('imported-1.example.net')).toHaveCount(0);
});

test('who may not import is told why', async ({ signedIn }) => {
  const page = await signedIn(VERA);
  await open(page, '/import?env=production');
  await expect(page.getByRole('button', { name: 'Import' })).toBeDisabled();
  await expect(page.getByText('Only admins of this environment import a topology.')).toBeVisible();
});

type Upload = Parameters<ReturnType<Page['getByLabel']>['setInputFiles']>[0];

/** Chooses a file on the import page and sends it. */
async function choose(page: Page, file: Upload): Promise<void> {
  await open(page, '/import?env=production');
  await page.getByLabel('Topology file').setInputFiles(file);
  await page.getByRole('button', { name: 'Import' }).click();
}

/** Nine levels of nine references each: a few hundred bytes that stand for gigabytes. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const of = level === 0 ? Array.from({ length: 9 }, () => 'x') : Array.from({ length: 9 }, () => `*l${level - 1}`);
    return `  l${level}: &l${level} [${of.join(', ')}]`;
  });
  return `${HEAD}bomb:\n${levels.join('\n')}\n`;
}
