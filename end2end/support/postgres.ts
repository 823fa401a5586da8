/** A PostgreSQL like one that somebody else runs: it can be stopped and started again behind Strata's back. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTS_WITHIN_MS = 20_000;

/** PostgreSQL refuses root, so there it runs as the distribution's user. */
interface Owner {
  uid: number;
  gid: number;
}

export class Postgres {
  /** For `DATABASE_URL`. */
  readonly url: string;
  private readonly folder: string;
  private readonly owner: Owner | undefined;
  private process: ChildProcess | undefined;

  constructor() {
    this.owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;
    this.folder = mkdtempSync(join(tmpdir(), 'strata-e2e-pg-'));
    chmodSync(this.folder, 0o700);
    if (this.owner !== undefined) {
      chownSync(this.folder, this.owner.uid, this.owner.gid);
    }
    this.url = `postgres://strata@${this.folder.replaceAll('/', '%2F')}/postgres`;
    const initdb = ['-D', this.data, '-U', 'strata', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
    execFileSync(join(binaries(), 'initdb'), initdb, { cwd: '/', stdio: 'pipe', ...this.owner });
  }

  /** The Unix socket that it listens on. */
  get socket(): string {
    return join(this.folder, '.s.PGSQL.5432');
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  /** Starts it and waits until it takes connections. */
  async start(): Promise<void> {
    const postgres = [join(binaries(), 'postgres'), '-D', this.data, '-k', this.folder, '-c', 'listen_addresses='];
    // Should the tests be killed outright, the kernel tells it to stop.
    const child = spawn('setpriv', ['--pdeathsig', 'INT', '--', ...postgres], { cwd: '/', stdio: 'ignore', ...this.owner });
    this.process = child;
    const until = Date.now() + STARTS_WITHIN_MS;
    const pidFile = join(this.data, 'postmaster.pid');
    while (!(existsSync(pidFile) && readFileSync(pidFile, 'utf8').split('\n')[7]?.startsWith('ready'))) {
      if (child.exitCode !== null || Date.now() > until) {
        throw new Error('PostgreSQL did not start');
      }
      await sleep(20);
    }
  }

  /** Stops it at once, as a failing machine would: no session is ended in order. */
  async stop(): Promise<void> {
    if (this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGQUIT');
      await once(this.process, 'exit');
    }
    this.process = undefined;
  }

  /** Sets its data aside as a backup; it has to be stopped. */
  backUp(): void {
    execFileSync('cp', ['-a', this.data, `${this.data}-backup`]);
  }

  /** Sets it back to the backup; it has to be stopped. */
  restore(): void {
    rmSync(this.data, { recursive: true, force: true });
    execFileSync('cp', ['-a', `${this.data}-backup`, this.data]);
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

/** The folder with initdb and postgres: the setting, else the distribution's newest. */
export function binaries(): string {
  const setting = process.env['STRATA_POSTGRES_BIN'];
  if (setting !== undefined) {
    return setting;
  }
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root) : [];
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  if (newest === undefined) {
    throw new Error(`no PostgreSQL in ${root}; run make setup`);
  }
  return join(root, `${newest}`, 'bin');
}
