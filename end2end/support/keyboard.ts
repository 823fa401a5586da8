/** A person without a mouse: Tab, Enter, typing, and eyes that look for the focus. */

import { type Locator, type Page, expect } from '@playwright/test';

/** Past so many stops nobody goes on looking. */
const PATIENCE = 150;

/** Presses Tab, or Shift and Tab where it lies behind, until something has the focus, which then can be seen there. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let presses = 0; presses <= PATIENCE; presses += 1) {
    const key = await wanted.evaluate((element) => {
      const { activeElement } = document;
      if (activeElement === element) {
        return undefined;
      }
      const lies = activeElement?.compareDocumentPosition(element) ?? 0;
      return lies & Node.DOCUMENT_POSITION_PRECEDING ? 'Shift+Tab' : 'Tab';
    });
    if (key === undefined) {
      await expectFocusVisible(wanted);
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`${PATIENCE} times Tab did not lead to ${wanted.toString()}`);
}

/** Goes to a button or a link and presses Enter. */
export async function press(page: Page, wanted: Locator): Promise<void> {
  await tabTo(page, wanted);
  await page.keyboard.press('Enter');
}

/** Goes to a field and types, in place of what is in it. */
export async function type(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

/** There is an outline at the element, or at the card that stands for it. */
async function expectFocusVisible(focused: Locator): Promise<void> {
  const outline = await focused.evaluate((element) => {
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) {
        return true;
      }
    }
    return false;
  });
  expect(outline, `the focus can be seen at ${focused.toString()}`).toBe(true);
}
