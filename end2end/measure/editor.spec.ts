/**
 * How long the editor takes from a key press or a drop until the findings are shown, in topologies of several sizes.
 * Prints its figures and judges nothing: other work on the machine may be the reason of a bad one.
 */

import type { Page } from '@playwright/test';

import { open } from '../support/browser.ts';
import { expect, test } from '../support/fixtures.ts';
import { largeTopology } from '../support/large.ts';

test.use({ site: 'measure' });

const SIZES = [200, 2_000, 5_000];
const ROUNDS = 15;
/** Targets, in milliseconds for 95 of 100. */
const TARGETS: Record<number, number> = { 2_000: 50, 5_000: 100 };
const OPENS_WITHIN_MS = 2_000;

interface Figures {
  nodes: number;
  opened: number;
  keys: number[];
  drops: number[];
  events: number[];
}

const all: Figures[] = [];

for (const nodes of SIZES) {
  test(`${nodes} nodes`, async ({ signedIn, strata, sessions }) => {
    const environment = `of-${nodes}`;
    await strata.importTopology(environment, largeTopology(nodes, environment));
    const person = { email: `${environment}@example.net`, name: 'Mea Sure' };
    await strata.addPerson({ ...person, capabilities: ['admin'], environment });
    const id = await (await sessions.api(person)).changeStart('Measured', environment);
    const page = await signedIn(person);
    await page.addInitScript(observe);
    await open(page, `/changes/${id}/edit`);
    await expect(page.locator('.card').first()).toBeVisible();
    const opened = await page.evaluate(() => window.measured.firstCard);
    const keys: number[] = [];
    const drops: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.locator('.card:not([data-mark])').nth(round).click();
      for (const key of ['Delete', 'Control+z', 'Control+Shift+Z', 'Control+z']) {
        keys.push(await after(page, 'keydown', () => page.keyboard.press(key)));
      }
      const card = page.locator('.board-cell[data-column="dc1"] .card:not([data-mark])').first();
      const target = page.locator('.board-band').first().locator('.board-cell').nth(1).locator('.cell-title');
      drops.push(await after(page, 'drop', () => card.dragTo(target)));
      await page.keyboard.press('Control+z');
    }
    const events = await page.evaluate(() => window.measured.events);
    all.push({ nodes, opened, keys, drops, events });
  });
}

test.afterAll(() => {
  const rows = all.map(({ nodes, opened, keys, drops, events }) => ({
    nodes,
    'opened (ms)': Math.round(opened),
    'within 2 s': opened <= OPENS_WITHIN_MS,
    'key p50': at(keys, 0.5),
    'key p95': at(keys, 0.95),
    'drop p50': at(drops, 0.5),
    'drop p95': at(drops, 0.95),
    'Event Timing p95': at(events, 0.95),
    target: TARGETS[nodes] ?? '',
    'held': TARGETS[nodes] === undefined ? '' : Math.max(at(keys, 0.95), at(drops, 0.95)) <= TARGETS[nodes],
  }));
  console.table(rows);
});

/** Milliseconds from the event to the frame that shows what came of it. */
async function after(page: Page, type: 'keydown' | 'drop', act: () => Promise<void>): Promise<number> {
  const before = await page.evaluate(() => window.measured.shown.length);
  await act();
  await expect.poll(() => page.evaluate(() => window.measured.shown.length)).toBeGreaterThan(before);
  return page.evaluate(([kind, from]) => window.measured.shown.slice(from).find((one) => one.type === kind)?.took ?? Number.NaN, [
    type,
    before,
  ] as const);
}

function at(figures: number[], share: number): number {
  const sorted = figures.filter((figure) => !Number.isNaN(figure)).sort((one, other) => one - other);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) / 10;
}

declare global {
  interface Window {
    measured: { firstCard: number; shown: { type: string; took: number }[]; events: number[] };
  }
}

/** Runs in the page before anything else: notes when the first card is there, and for each event when its frame is out. */
function observe(): void {
  window.measured = { firstCard: 0, shown: [], events: [] };
  const cards = new MutationObserver(() => {
    if (document.querySelector('.card') !== null) {
      cards.disconnect();
      requestAnimationFrame(() => {
        window.measured.firstCard = performance.now();
      });
    }
  });
  cards.observe(document, { childList: true, subtree: true });
  for (const type of ['keydown', 'drop']) {
    window.addEventListener(
      type,
      (event) => {
        if (type === 'keydown' && ['Control', 'Shift'].includes((event as KeyboardEvent).key)) {
          return;
        }
        const began = event.timeStamp;
        // The frame after the one that the event falls into has everything that came of it at once.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => window.measured.shown.push({ type, took: performance.now() - began });
          port2.postMessage(undefined);
        });
      },
      { capture: true },
    );
  }
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name === 'keydown' || entry.name === 'drop') {
        window.measured.events.push(entry.duration);
      }
    }
  }).observe({ type: 'event', durationThreshold: 16, buffered: true } as PerformanceObserverInit);
}
