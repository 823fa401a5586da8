/** A real mail server beside the server under test, see `mailbox.mjs`. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { expect } from '@playwright/test';

/** The part of a mail that tests look at. */
export interface Mail {
  to: string[];
  subject: string;
  text: string;
  html: string;
}

/** What `mailbox.mjs` prints when it listens. */
interface Ports {
  smtp: number;
  http: number;
  user: string;
  password: string;
}

export class Mailbox {
  /** For `STRATA_SMTP_URL`. */
  readonly url: string;
  private readonly http: string;
  private readonly process: ChildProcess;

  private constructor(process: ChildProcess, ports: Ports) {
    this.process = process;
    this.url = `smtp://${encodeURIComponent(ports.user)}:${encodeURIComponent(ports.password)}@127.0.0.1:${ports.smtp}`;
    this.http = `http://127.0.0.1:${ports.http}`;
  }

  static async start(): Promise<Mailbox> {
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'mailbox.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return new Mailbox(child, JSON.parse(line) as Ports);
  }

  /** Everything that arrived, first mail first. */
  async mails(): Promise<Mail[]> {
    return (await (await fetch(`${this.http}/mails`)).json()) as Mail[];
  }

  /** Waits for the mail to that address whose subject has these words. */
  async mail(to: string, subject: RegExp): Promise<Mail> {
    let found: Mail | undefined;
    await expect
      .poll(async () => {
        found = (await this.mails()).find((mail) => mail.to.includes(to) && subject.test(mail.subject));
        return found !== undefined;
      }, { message: `a mail to ${to} about ${subject}`, timeout: 30_000 })
      .toBe(true);
    return found as Mail;
  }

  stop(): void {
    this.process.stdin?.end();
  }
}
