/** How a person meets the pages: by role and label. */

import { type Locator, type Page, expect } from '@playwright/test';

import { PASSWORD, type Person } from './people.ts';

/** Waits until wasm has taken over what the server rendered. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('body')).toHaveAttribute('data-hydrated', 'true');
}

/** Opens a page and waits until it answers to a person's acts. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
}

/** Fills in the sign-in form and sends it. */
export async function signIn(page: Page, person: Person, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** What opens a part of the page: a summary, which has no role of its own. */
export function disclosure(within: Page | Locator, text: string): Locator {
  return within.getByText(text, { exact: true }).filter({ visible: true });
}

/** What opens the menu of the one who is signed in. */
export function account(page: Page, { name }: Person): Locator {
  return page.getByRole('banner').getByText(name, { exact: true });
}

/** A panel by its heading. */
export function region(page: Page, name: string | RegExp): Locator {
  return page.getByRole('region', { name });
}

/** The pages that the header leads to. */
export function navigation(page: Page): Locator {
  return page.getByRole('navigation', { name: 'Pages' });
}

/** A state in a word, behind its mark: the first one on the page is that of the page's subject. */
export function badge(within: Page | Locator, word: string): Locator {
  return within.getByText(new RegExp(`^\\W+${word}$`)).first();
}

/** The page's title, with the name in it. */
export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole('heading', { level: 1, name });
}

/** Fails if the document was loaded anew while something happened. */
export async function withoutReload(page: Page, happens: () => Promise<void>): Promise<void> {
  const loadedAt = await page.evaluate(() => performance.timeOrigin);
  await happens();
  expect(await page.evaluate(() => performance.timeOrigin), 'the page was not loaded again').toBe(loadedAt);
}
