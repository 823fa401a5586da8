/** Who is told what, where they chose to be told: in the page at once, by mail, and by webhook. */

import type { Locator, Page } from '@playwright/test';

import { disclosure, heading, open, region } from '../support/browser.ts';
import { expect, test as base } from '../support/fixtures.ts';
import { Mailbox } from '../support/mailbox.ts';
import { ADA, LENA, LEO, VERA } from '../support/people.ts';
import { Receiver, isSigned } from '../support/receiver.ts';
import { StrataServer } from '../support/server.ts';

const test = base.extend<object, { mailbox: Mailbox }>({
  mailbox: [
    async ({}, use) => {
      const mailbox = await Mailbox.start();
      await use(mailbox);
      mailbox.stop();
    },
    { scope: 'worker' },
  ],
  strata: [
    async ({ site, mailbox }, use) => {
      const mail = { STRATA_SMTP_URL: mailbox.url, STRATA_MAIL_FROM: 'Strata <strata@example.net>', STRATA_WEBHOOK_NETWORKS: '127.0.0.0/8,::1' };
      const server = await StrataServer.start(site, mail);
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
});

test.use({ site: 'notifications' });

function bell(page: Page, words: string): Locator {
  return page.getByRole('banner').getByRole('link', { name: `Notifications, ${words}` });
}

test('who is asked hears of it in the page at once, and by a mail that leads there', async ({ signedIn, api, mailbox, strata }) => {
  const lena = await signedIn(LENA);
  await open(lena, '/');
  await expect(bell(lena, 'nothing unread')).toBeVisible();
  const ada = await api(ADA);
  const id = await ada.draft('Told to leads', { hostname: 'worker-told.example.net', address: '10.81.1.1' });
  await ada.submit(id);
  await expect(bell(lena, '1 unread')).toBeVisible();

  const mail = await mailbox.mail(LENA.email, /Told to leads.*waits for your approval/);
  expect(mail.text).toContain(`${strata.address}/changes/${id}`);
  expect(mail.html).toContain(`href="${strata.address}/changes/${id}"`);
  expect(mail.html).not.toMatch(/<form|change_vote|verdict/);
  expect(mail.text).toContain('/settings/notifications');
  expect((await mailbox.mails()).filter(({ to }) => to.includes(ADA.email))).toEqual([]);

  await bell(lena, '1 unread').click();
  await expect(heading(lena, 'Notifications')).toBeVisible();
  await lena.getByRole('link', { name: /Told to leads.*waits for your approval/ }).click();
  await expect(heading(lena, /Told to leads/)).toBeVisible();
  await expect(bell(lena, 'nothing unread')).toBeVisible();
  await lena.getByRole('button', { name: 'Approve' }).click();

  const author = await signedIn(ADA);
  await open(author, '/notifications');
  await expect(author.getByRole('link', { name: /Told to leads.*is approved/ })).toBeVisible();
  await author.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(bell(author, 'nothing unread')).toBeVisible();
  await mailbox.mail(ADA.email, /Told to leads.*is approved/);
});

test('each person chooses what they are told, and where', async ({ signedIn, api, mailbox }) => {
  const leo = await signedIn(LEO);
  await open(leo, '/settings/notifications?env=production');
  await expect(leo.getByText(`Mails go to ${LEO.email}.`)).toBeVisible();
  await leo.getByRole('checkbox', { name: 'Waits for my vote by mail' }).uncheck();
  await leo.getByRole('checkbox', { name: 'Discussion in the page' }).uncheck();
  await expect(leo.getByRole('checkbox', { name: 'Applied without approval in the page' })).toBeDisabled();
  await leo.getByRole('button', { name: 'Save' }).click();
  await expect(leo.getByText('Saved.')).toBeVisible();
  await leo.reload();
  await expect(leo.getByRole('checkbox', { name: 'Waits for my vote by mail' })).not.toBeChecked();
  await expect(leo.getByRole('checkbox', { name: 'Waits for my vote in the page' })).toBeChecked();

  const ada = await api(ADA);
  const id = await ada.draft('Only where they chose', { hostname: 'worker-chosen.example.net', address: '10.81.1.2' });
  await ada.submit(id);
  await mailbox.mail(LENA.email, /Only where they chose/);
  await open(leo, '/notifications');
  await expect(leo.getByRole('link', { name: /Only where they chose/ })).toBeVisible();
  expect((await mailbox.mails()).filter(({ to, subject }) => to.includes(LEO.email) && subject.includes('Only where'))).toEqual([]);
});

test('what was applied without approval is told to everyone', async ({ signedIn, api, mailbox }) => {
  const vera = await signedIn(VERA);
  await open(vera, '/notifications');
  const ada = await api(ADA);
  const id = await ada.draft('No time for votes', { hostname: 'worker-now.example.net', address: '10.81.1.3' });
  await ada.submit(id);
  const digest = (await ada.approval(id))['digest'] ?? '';
  expect((await ada.post('change_break_glass', { id: `${id}`, digest, reason: 'All calls fail at once.' })).status()).toBeLessThan(400);
  const told = vera.getByRole('listitem').filter({ hasText: 'No time for votes' });
  await expect(told).toContainText('was applied without approval');
  await expect(told).toContainText('All calls fail at once.');
  for (const { email } of [VERA, LENA, LEO]) {
    await mailbox.mail(email, /No time for votes.*was applied without approval/);
  }
});

test('a webhook is signed, tried again, and sent once more by hand', async ({ signedIn, api, complaints }) => {
  complaints.expect(/status of 422/);
  const receiver = await Receiver.start();
  const page = await signedIn(ADA);
  await open(page, '/settings/webhooks?env=production');
  await page.getByLabel(/^URL/).fill('ftp://example.net');
  await page.getByRole('button', { name: 'Add it' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel(/^URL/).fill(receiver.url);
  await page.getByRole('button', { name: 'Add it' }).click();
  const secret = await page.getByRole('status').locator('code').innerText();
  expect(secret).toMatch(/^whsec_/);

  await region(page, 'Webhooks').getByRole('button', { name: 'Send a test' }).click();
  await expect.poll(() => receiver.calls.length).toBe(1);
  const log = region(page, 'Delivery log');
  await expect(log.getByRole('row').filter({ hasText: receiver.url }).first()).toContainText('delivered');

  receiver.answers = 500;
  const ada = await api(ADA);
  const id = await ada.draft('Called out', { hostname: 'worker-called.example.net', address: '10.81.1.4' });
  await ada.submit(id);
  await expect.poll(() => receiver.calls.length).toBe(2);
  const failed = log.getByRole('row').filter({ hasText: receiver.url }).filter({ hasText: 'Called out' });
  await expect(failed).toContainText('will be tried again');
  await disclosure(failed, '1').click();
  await expect(failed).toContainText('failed 500');
  receiver.answers = 204;
  await failed.getByRole('button', { name: 'Send again' }).click();
  await expect.poll(() => receiver.calls.length).toBe(3);
  await expect(failed).toContainText('delivered');
  const [, first, second] = receiver.calls;
  expect(second?.id).toBe(first?.id);
  for (const call of receiver.calls) {
    expect(isSigned(call, secret)).toBe(true);
    expect(isSigned({ ...call, body: `${call.body} ` }, secret)).toBe(false);
  }
  expect(JSON.parse(second?.body ?? '{}')).toMatchObject({ type: 'change.submitted', data: { change: id, actor: ADA.name } });

  await region(page, 'Reminders').getByLabel(/^Remind after/).fill('12');
  const set = page.waitForResponse((response) => response.url().includes('/api/patience_set'));
  await region(page, 'Reminders').getByRole('button', { name: 'Set it' }).click();
  await set;
  await page.reload();
  await expect(region(page, 'Reminders').getByLabel(/^Remind after/)).toHaveValue('12');
  await region(page, 'Webhooks').getByRole('button', { name: 'Remove' }).click();
  await expect(region(page, 'Webhooks')).toContainText('Nobody but people is told.');
  receiver.stop();

  const vera = await signedIn(VERA);
  complaints.expect(/status of 403/);
  await vera.goto('/settings/webhooks?env=production');
  await expect(heading(vera, 'Not allowed')).toBeVisible();
});
