/** Whatever a browser complains of fails the test: errors of scripts, of loading, and of the content policy. */

import { type BrowserContext, expect } from '@playwright/test';

export class Complaints {
  private readonly heard: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Hears everything that pages of this context complain of. */
  listen(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error' || message.text().includes('Content Security Policy')) {
        this.heard.push(`${message.text()} (${message.location().url}, on ${message.page()?.url() ?? 'no page'})`);
      }
    });
    context.on('weberror', (error) => {
      this.heard.push(`${error.error().stack ?? error.error().message} (on ${error.page()?.url() ?? 'no page'})`);
    });
  }

  /** The test provokes this on purpose. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  /** Fails for what nobody expected. */
  verify(): void {
    const unexpected = this.heard.filter((line) => !this.expected.some((pattern) => pattern.test(line)));
    expect(unexpected, 'errors in the browser’s console').toEqual([]);
  }
}
