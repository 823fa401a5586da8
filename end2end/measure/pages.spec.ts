/**
 * What pages and edits of 5,000 nodes cost the server and the database, beside the audit log's page, which costs what any page
 * does. CPU time, so that other work on the machine counts little. Prints its figures and judges nothing.
 */

import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from '../support/fixtures.ts';
import { largeTopology } from '../support/large.ts';
import { StrataServer } from '../support/server.ts';
import { Sessions } from '../support/sessions.ts';

const NODES = 5_000;
const ENVIRONMENT = 'large';
const ASKED = 60;
const AT_ONCE = 4;
/** Ticks of the kernel's clock in a second. */
const HERTZ = 100;

interface Row {
  what: string;
  'server (ms)': number;
  'database (ms)': number;
  'of /audit': number;
}

test('pages of 5,000 nodes', async () => {
  const strata = await StrataServer.start('measure-pages');
  const sessions = new Sessions(strata.address);
  try {
    await strata.importTopology(ENVIRONMENT, largeTopology(NODES, ENVIRONMENT));
    const person = { email: 'mea@example.net', name: 'Mea Sure' };
    await strata.addPerson({ ...person, capabilities: ['admin', 'lead'], environment: ENVIRONMENT });
    const api = await sessions.api(person);
    const cookie = (await sessions.of(person)).cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const id = await api.changeStart('A hundred workers', ENVIRONMENT);
    const edits = (from: number): unknown[] =>
      Array.from({ length: 50 }, (_, place) => [
        { kind: 'add-node', node: { hostname: `fresh-${from}-${place}.example.net`, private_ip: `10.250.${from}.${place + 1}` } },
        { kind: 'assign-role', hostname: `fresh-${from}-${place}.example.net`, role: 'worker', settings: { concurrency: 4 } },
      ]).flat();
    let last = 0;
    const append = async (of: unknown[]): Promise<void> => {
      const answer = await fetch(`${strata.address}/api/draft_append`, {
        method: 'POST',
        headers: { cookie, origin: strata.address, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ id, after: last, mark: null, batch: { key: `k${last}`, label: 'More', edits: of } }),
      });
      expect(await answer.text()).toContain('"Taken"');
      last += of.length;
    };
    const rows: Row[] = [];
    let audit = 0;
    const measured = async (what: string, times: number, act: (turn: number) => Promise<void>): Promise<void> => {
      await act(-1);
      const before = cpu(strata);
      let turn = 0;
      const work = async (): Promise<void> => {
        while (turn < times) {
          const mine = turn;
          turn += 1;
          await act(mine);
        }
      };
      await Promise.all(Array.from({ length: times > 10 ? AT_ONCE : 1 }, work));
      const after = cpu(strata);
      const [server, database] = [(after.server - before.server) / times, (after.database - before.database) / times];
      audit ||= server + database;
      rows.push({ what, 'server (ms)': round(server), 'database (ms)': round(database), 'of /audit': round((server + database) / audit) });
    };
    const page = (path: string) => async (): Promise<void> => {
      const answer = await fetch(strata.address + path, { headers: { cookie, accept: path.startsWith('/api/') ? 'application/json' : 'text/html' }, redirect: 'manual' });
      expect(answer.status, path).toBe(200);
      await answer.text();
    };
    await measured('/audit', ASKED, page(`/audit?env=${ENVIRONMENT}`));
    await measured('/audit again', ASKED, page(`/audit?env=${ENVIRONMENT}`));
    await measured('role map', ASKED, page(`/?env=${ENVIRONMENT}`));
    await measured('role map as a list', ASKED, page(`/?env=${ENVIRONMENT}&view=list`));
    await measured('what if', ASKED, page(`/what-if?env=${ENVIRONMENT}`));
    await append(edits(1));
    await measured('100 edits appended', 10, async (turn) => append(edits(turn + 10)));
    await measured('one edit appended', 10, async (turn) => append([{ kind: 'add-group', name: `g${turn + 2}` }]));
    const other = await api.changeStart('In review', ENVIRONMENT);
    const reviewed = await fetch(`${strata.address}/api/draft_append`, {
      method: 'POST',
      headers: { cookie, origin: strata.address, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ id: other, after: 0, mark: null, batch: { key: 'k', label: 'More', edits: edits(99) } }),
    });
    expect(reviewed.status).toBe(200);
    await api.submit(other);
    await measured('a change of 100 edits in review', ASKED, page(`/changes/${other}`));
    await measured('its draft_load', 10, page(`/api/draft_load?id=${other}`));
    await measured('/approvals', ASKED, page('/approvals'));
    console.table(rows);
    console.log(`memory of the server after it: ${residentMib(strata.processNumber)} MiB`);
  } finally {
    await sessions.dispose();
    await strata.stop();
  }
});

/** CPU that the server and its database have used, in milliseconds. */
function cpu(strata: StrataServer): { server: number; database: number } {
  const postgres = strata.postgresProcess();
  let database = 0;
  for (const name of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(name);
    // The children that have ended are counted by their parent.
    if (stat !== undefined && Number(name) === postgres) {
      database += ticks(stat, 11, 12, 13, 14);
    } else if (stat !== undefined && Number(stat[1]) === postgres) {
      database += ticks(stat, 11, 12);
    }
  }
  return { server: ticks(statOf(`${strata.processNumber}`) ?? [], 11, 12), database };
}

/** The fields of a process behind its name, from its state on. */
function statOf(process: string): string[] | undefined {
  try {
    return readFileSync(`/proc/${process}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}

function ticks(stat: string[], ...fields: number[]): number {
  return (fields.reduce((sum, field) => sum + Number(stat[field] ?? 0), 0) * 1000) / HERTZ;
}

function residentMib(process: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1]) / 1024);
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}
