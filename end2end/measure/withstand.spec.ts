/**
 * What an attacker and a failing machine once did to Strata, done again with their numbers: prints what was measured then
 * beside what is measured now, and judges nothing. What has to hold is held by `server/tests/attacks` and `backend/tests/it`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '../support/fixtures.ts';
import { ADA, LENA, LEO, type Person, VERA } from '../support/people.ts';
import { binaries, Postgres } from '../support/postgres.ts';
import { BINARY, StrataServer } from '../support/server.ts';
import { Sessions } from '../support/sessions.ts';
import { Wire } from '../support/wire.ts';

interface Figure {
  what: string;
  before: string;
  now: string;
}

const figures: Figure[] = [];

function note(what: string, before: string, now: string): void {
  figures.push({ what, before, now });
  // A test that fails takes the table of those before it along.
  console.log(`${what}: ${before} → ${now}`);
}

test.afterAll(() => {
  console.table(figures);
});

/** A server of a test's own, and its people. */
async function withServer(
  name: string,
  act: (strata: StrataServer, sessions: Sessions) => Promise<void>,
  more: Record<string, string> = {},
): Promise<void> {
  const strata = await StrataServer.start(`withstand-${name}`, more);
  const sessions = new Sessions(strata.address);
  try {
    await act(strata, sessions);
  } finally {
    await sessions.dispose();
    await strata.stop();
  }
}

async function cookieOf(sessions: Sessions, person: Person): Promise<string> {
  return (await sessions.of(person)).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

test('streams closed at once', async () => {
  await withServer('streams', async (strata, sessions) => {
    const cookies = [await cookieOf(sessions, ADA), await cookieOf(sessions, LENA)];
    for (let round = 0; round < 3; round += 1) {
      const open = await Promise.all(cookies.flatMap((cookie) => Array.from({ length: 45 }, () => stream(strata, cookie))));
      for (const one of open) {
        one.leave();
      }
    }
    let failed = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      const fresh = new Sessions(strata.address);
      await fresh.of(LEO).catch(() => (failed += 1));
      await fresh.dispose();
    }
    note('10: of 10 sign-ins after hundreds of streams closed at once, failed', '8, for good', `${failed}`);
  });
});

test('a page, eight at a time', async () => {
  await withServer('page', async (strata, sessions) => {
    const ada = await sessions.api(ADA);
    const id = await ada.draft('Looked at', { hostname: 'worker-looked-at.example.net', address: '10.77.30.1' });
    const cookie = await cookieOf(sessions, ADA);
    let wrong = 0;
    let left = 300;
    const reader = async (): Promise<void> => {
      while (left-- > 0) {
        const answer = await fetch(`${strata.address}/changes/${id}`, { headers: { cookie, accept: 'text/html' } });
        const text = await answer.text().catch(() => '');
        wrong += answer.status === 200 && /<\/html>\s*$|<\/script>\s*$/.test(text) ? 0 : 1;
      }
    };
    await Promise.all(Array.from({ length: 8 }, reader));
    note('11: of 300 GET /changes/N, eight at a time, cut off', '9', `${wrong}`);
  });
});

test('quadratic names', async () => {
  await withServer('names', async (strata, sessions) => {
    const cookie = await cookieOf(sessions, ADA);
    const named = (many: number): string => Array.from({ length: many }, (_, number) => `g${number.toString(36)}`).join(',');
    for (const [groups, before] of [
      [60_000, '19 s each; /healthz 34 s'],
      [20_000, 'not taken then'],
    ] as const) {
      const file = `version: 1\nenvironment: production\navailability_groups: [${named(groups)}]\nnodes: []\n`;
      const health = longest(() => fetch(`${strata.address}/healthz`));
      const from = performance.now();
      const statuses = await Promise.all([1, 2].map(() => imported(strata, cookie, file)));
      const took = seconds(from);
      note(`12: two files of ${groups} groups, ${Math.round(file.length / 1024)} KiB`, before, `${statuses.join(' and ')} in ${took}; /healthz ${await health.end()}`);
    }
    const from = performance.now();
    const check = spawn(BINARY, ['check', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    check.stdin.on('error', () => undefined);
    check.stdin.end(`version: 1\nenvironment: production\navailability_groups: [${named(1_200_000)}]\nnodes: []\n`);
    await once(check, 'close');
    note('12: strata check of 1.2 million groups', '38 s', `exit ${check.exitCode} in ${seconds(from)}`);
  });
});

test('half-sent bodies and heads', async () => {
  await withServer('halves', async (strata) => {
    await fetch(`${strata.address}/sign-in`);
    const size = 16 * 1024 * 1024;
    const before = residentMib(strata.processNumber);
    const head = `POST /api/topology_import HTTP/1.1\r\nHost: ${hostOf(strata)}\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Length: ${size}\r\n\r\n`;
    const uploads = Array.from({ length: 24 }, () => raw(strata, head));
    for (const upload of uploads) {
      upload.write(Buffer.alloc(size - 1, 'x'));
    }
    let most = before;
    for (let turn = 0; turn < 30; turn += 1) {
      await sleep(100);
      most = Math.max(most, residentMib(strata.processNumber));
    }
    uploads.forEach((upload) => upload.destroy());
    note('13: memory for 24 half-sent uploads of nobody', '427 MiB, a minute long', `${most - before} MiB`);

    const from = performance.now();
    const refused = raw(strata, `POST /api/sign_in HTTP/1.1\r\nHost: ${hostOf(strata)}\r\nContent-Length: ${100 * 1024 * 1024}\r\n\r\n`);
    const trickle = setInterval(() => refused.write('x'), 20);
    await new Promise((resolve) => refused.once('close', resolve));
    clearInterval(trickle);
    note('13: a refused body that trickles in is taken for', '76 s', seconds(from));

    const heads = Array.from({ length: 170 }, () => raw(strata, `GET / HTTP/1.1\r\nHost: ${hostOf(strata)}\r\n`));
    await sleep(1_000);
    const taken = heads.filter((one) => !one.destroyed).length;
    await sleep(20_000);
    const open = heads.filter((one) => !one.destroyed).length;
    note('13: of 170 half-sent heads, open', '170 after 109 s', `${taken} after 1 s, ${open} after 21 s`);
    heads.forEach((one) => one.destroy());
  });
});

test('streams by the thousand', async () => {
  await withServer('thousand', async (strata, sessions) => {
    const cookie = await cookieOf(sessions, VERA);
    const lena = await cookieOf(sessions, LENA);
    const page = async (): Promise<void> => void (await (await fetch(strata.address, { headers: { cookie: lena } })).text());
    await page();
    const alone = await median(page);
    let refused = 0;
    const open: Stream[] = [];
    for (let turn = 0; turn < 150; turn += 1) {
      const ten = Array.from({ length: 10 }, () => stream(strata, cookie).then((one) => open.push(one), () => (refused += 1)));
      await Promise.all(ten);
    }
    const ada = await sessions.api(ADA);
    const news = setInterval(() => void ada.changeStart(`News ${performance.now()}`), 500);
    const beside = await median(page);
    clearInterval(news);
    open.forEach((one) => one.leave());
    note('14: of 1,500 streams of one account, taken', '1,500', `${open.length}`);
    note('14: a page beside them, with news', '0.02 s, then 2.2 s', `${alone.toFixed(2)} s, then ${beside.toFixed(2)} s`);
  }, { STRATA_CONNECTIONS: '4000', STRATA_CONNECTIONS_EACH: '2000' });
});

test('a worker that freezes', async () => {
  const postgres = new Postgres();
  await postgres.start();
  try {
    const more = { DATABASE_URL: postgres.url, STRATA_DRY_RUN_PAUSE_MS: '300' };
    await withServer('frozen', async (strata, sessions) => {
      const [ada, lena] = [await sessions.api(ADA), await sessions.api(LENA)];
      let slowest = 0;
      for (let round = 0; round < 4; round += 1) {
        const id = await ada.draft(`Frozen ${round}`, { hostname: `worker-f${round}.example.net`, address: `10.77.31.${round + 1}` });
        await ada.submit(id);
        await lena.approve(id);
        const { change } = await ada.changeLoad(id);
        const frozen = [strata.worker(), strata.worker()];
        await sleep(1_500);
        await ada.post('change_apply', { id: `${id}`, version: `${change.version}` });
        await sleep(150 + round * 130);
        frozen.forEach((one) => one.kill('SIGSTOP'));
        const from = performance.now();
        await expect.poll(async () => (await ada.changeLoad(id)).change.state, { timeout: 200_000, intervals: [200] }).toBe('applied');
        slowest = Math.max(slowest, performance.now() - from);
        frozen.forEach((one) => one.kill('SIGKILL'));
      }
      note('24: two workers frozen in a run; the run ends with a third after', 'nothing done for 151 s', `${(slowest / 1000).toFixed(1)} s at most, of 4`);
    }, more);
  } finally {
    await postgres.remove();
  }
});

test('a way that is cut without a word', async () => {
  const postgres = new Postgres();
  await postgres.start();
  const wire = await Wire.to(postgres.socket);
  try {
    await withServer('cut', async (strata, sessions) => {
      const [ada, lena] = [await sessions.api(ADA), await sessions.api(LENA)];
      const id = await ada.draft('Over a wire', { hostname: 'worker-cut.example.net', address: '10.77.32.1' });
      await ada.submit(id);
      await lena.approve(id);
      const { change } = await ada.changeLoad(id);
      const watching = await stream(strata, await cookieOf(sessions, VERA));
      watching.heard.length = 0;
      wire.cut();
      const from = performance.now();
      let applied = '';
      let tries = 0;
      while (applied === '' && performance.now() - from < 300_000) {
        tries += 1;
        const answer = await ada.post('change_apply', { id: `${id}`, version: `${change.version}` }).catch(() => undefined);
        applied = answer !== undefined && answer.status() < 400 ? seconds(from) : '';
        await sleep(applied === '' ? 500 : 0);
      }
      note('24: after a cut without a word, an apply is taken', 'each failed after 60 s, up to two hours', `after ${applied}, at try ${tries}`);
      await expect
        .poll(() => watching.heard.join(''), { timeout: 300_000, intervals: [100] })
        .toMatch(/event: reload|"kind":"change"/);
      note('25: a stream over the same cut hears news again', 'never (300 s)', `after ${seconds(from)}`);
      watching.leave();
    }, { DATABASE_URL: wire.url });
  } finally {
    await wire.remove();
    await postgres.remove();
  }
});

test('killed while the database is made', async () => {
  let refused = 0;
  let cutShort = 0;
  for (let round = 0; round < 20; round += 1) {
    const data = mkdtempSync(join(tmpdir(), 'strata-withstand-'));
    chmodSync(data, 0o755);
    const first = migrating(data);
    await sleep(200 + round * 40);
    cutShort += first.exitCode === null ? 1 : 0;
    first.kill('SIGKILL');
    const second = migrating(data);
    await once(second, 'close');
    refused += second.exitCode === 0 ? 0 : 1;
    rmSync(data, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  }
  note(`27: of 20 starts (${cutShort} killed at work) started again at once, refused`, '8', `${refused}`);
});

test('PostgreSQL is upgraded under the server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'strata-withstand-'));
  chmodSync(folder, 0o755);
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  chmodSync(programs, 0o755);
  for (const name of ['initdb', 'postgres']) {
    copyFileSync(join(binaries(), name), join(programs, name));
  }
  process.env['STRATA_POSTGRES_BIN'] = programs;
  try {
    await withServer('upgraded', async (strata, sessions) => {
      const ada = await sessions.api(ADA);
      const first = strata.postgresProcess();
      copyFileSync(join(programs, 'postgres'), join(programs, 'postgres.new'));
      renameSync(join(programs, 'postgres.new'), join(programs, 'postgres'));
      const from = performance.now();
      let restarted = '';
      let failed = 0;
      let done = 0;
      while (performance.now() - from < 60_000) {
        const answer = await ada.post('change_start', { environment: 'production', title: `During ${done}` });
        failed += answer.status() >= 500 ? 1 : 0;
        done += 1;
        const present = strata.postgresProcess();
        restarted ||= present === undefined || present === first ? '' : seconds(from);
        await sleep(250);
      }
      note('28: acts that fail in the minute after an upgrade of PostgreSQL', 'all, for good', `${failed} of ${done}; restarted by itself after ${restarted || 'more than 60 s'}`);
    });
  } finally {
    delete process.env['STRATA_POSTGRES_BIN'];
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Stream {
  heard: string[];
  leave: () => void;
}

/** An event stream that is open, and has said that it is. */
async function stream(strata: StrataServer, cookie: string): Promise<Stream> {
  const socket = raw(strata, `GET /events HTTP/1.1\r\nHost: ${hostOf(strata)}\r\nCookie: ${cookie}\r\nAccept: text/event-stream\r\n\r\n`);
  const heard: string[] = [];
  socket.on('data', (piece) => heard.push(piece.toString()));
  while (!heard.join('').includes('\r\n\r\n')) {
    if (socket.destroyed) {
      throw new Error('it was refused');
    }
    await sleep(5);
  }
  if (!heard.join('').startsWith('HTTP/1.1 200')) {
    socket.destroy();
    throw new Error('it was refused');
  }
  return { heard, leave: () => socket.destroy() };
}

function raw(strata: StrataServer, begun: string): Socket {
  const { hostname, port } = new URL(strata.address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  // What nobody reads would hide that the other side has gone.
  socket.resume();
  socket.write(begun);
  return socket;
}

function hostOf(strata: StrataServer): string {
  return new URL(strata.address).host;
}

async function imported(strata: StrataServer, cookie: string, file: string): Promise<number> {
  const form = new FormData();
  form.set('environment', 'production');
  form.set('file', new Blob([file]), 'names.yaml');
  const headers = { cookie, origin: strata.address, accept: 'application/json' };
  return (await fetch(`${strata.address}/api/topology_import`, { method: 'POST', body: form, headers, redirect: 'manual' })).status;
}

/** Asks again and again until it is ended, which gives the longest answer. */
function longest(ask: () => Promise<unknown>): { end: () => Promise<string> } {
  let ended = false;
  let most = 0;
  const asking = (async () => {
    while (!ended) {
      const from = performance.now();
      await ask();
      most = Math.max(most, performance.now() - from);
      await sleep(10);
    }
  })();
  return {
    end: async () => {
      ended = true;
      await asking;
      return `${most.toFixed(0)} ms`;
    },
  };
}

async function median(ask: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let turn = 0; turn < 21; turn += 1) {
    const from = performance.now();
    await ask();
    took.push((performance.now() - from) / 1000);
  }
  return took.sort((one, other) => one - other)[10] ?? Number.NaN;
}

function migrating(data: string): ChildProcess {
  const environment = { ...process.env };
  delete environment['DATABASE_URL'];
  return spawn(BINARY, ['migrate', '--data', join(data, 'data')], { env: environment, stdio: 'ignore' });
}

function residentMib(processNumber: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processNumber}/status`, 'utf8'));
  return Math.round(Number(line?.[1]) / 1024);
}

function seconds(from: number): string {
  return `${((performance.now() - from) / 1000).toFixed(1)} s`;
}
