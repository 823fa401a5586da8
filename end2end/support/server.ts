/** The real binary, on data and a port of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { PASSWORD } from './people.ts';

const HERE = import.meta.dirname;
const REPOSITORY = resolve(HERE, '../..');
const ARTIFACTS = resolve(HERE, '../artifacts');
export const BINARY = resolve(REPOSITORY, process.env['STRATA_BINARY'] ?? 'target/quick/strata');
const SITE = resolve(REPOSITORY, process.env['STRATA_SITE'] ?? 'target/site');

/** A first start makes a database cluster, on a machine that may be busy. */
const STARTS_WITHIN_MS = 60_000;
/** The server itself gives up what is under way after ten seconds, then stops PostgreSQL. */
const STOPS_WITHIN_MS = 30_000;

/** What somebody new to the environment may do there. */
export interface NewPerson {
  email: string;
  name: string;
  capabilities: string[];
  /** Where; `production` where not said. */
  environment?: string;
}

export class StrataServer {
  readonly address: string;
  /** `STRATA_DATA`: PostgreSQL's cluster lies in `postgres` in it. */
  readonly data: string;
  private readonly process: ChildProcess;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly log: string;

  private constructor(address: string, data: string, process: ChildProcess, environment: NodeJS.ProcessEnv, log: string) {
    this.address = address;
    this.data = data;
    this.process = process;
    this.environment = environment;
    this.log = log;
  }

  /** Starts with demo data and waits until pages are served. `name` is for the log's file. */
  static async start(name: string, more: Record<string, string> = {}): Promise<StrataServer> {
    // Not in the repository: where root runs the tests, the user postgres has to reach it.
    const data = mkdtempSync(join(tmpdir(), 'strata-e2e-'));
    chmodSync(data, 0o755);
    mkdirSync(ARTIFACTS, { recursive: true });
    const log = join(ARTIFACTS, `server-${name}.log`);
    const output = openSync(log, 'w');
    const port = await freePort();
    const environment = {
      ...inherited(),
      STRATA_DATA: data,
      STRATA_DEMO_PASSWORD: PASSWORD,
      STRATA_DRY_RUN_PAUSE_MS: '20',
      NO_COLOR: '1',
      ...more,
    };
    const serve = [BINARY, 'serve', '--demo', '--addr', `127.0.0.1:${port}`, '--site', SITE];
    // Should the tests be killed outright, the kernel tells the server to stop.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...serve], {
      cwd: data,
      env: environment,
      stdio: ['ignore', output, output],
    });
    const server = new StrataServer(`http://127.0.0.1:${port}`, data, child, environment, log);
    try {
      await server.answers();
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return server;
  }

  /** The number of its process. */
  get processNumber(): number {
    return this.process.pid ?? 0;
  }

  /** Stops it as a person would, and insists that it ends well. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGTERM');
      const ended = await Promise.race([once(this.process, 'exit'), sleep(STOPS_WITHIN_MS, undefined)]);
      if (ended === undefined) {
        this.process.kill('SIGKILL');
        throw new Error(`the server did not stop within ${STOPS_WITHIN_MS} ms; its log: ${this.log}`);
      }
    }
    const { exitCode, signalCode } = this.process;
    this.cleanUp();
    if (exitCode !== 0) {
      throw new Error(`the server ended with ${exitCode ?? signalCode}; its log: ${this.log}`);
    }
  }

  /** Kills it outright, as a crash would. */
  async crash(): Promise<void> {
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
    this.cleanUp();
  }

  /** Lets it stand still, as a machine that hangs does: connections stay, and nothing comes. */
  freeze(): void {
    this.process.kill('SIGSTOP');
  }

  /** Lets it go on. */
  thaw(): void {
    this.process.kill('SIGCONT');
  }

  private cleanUp(): void {
    // After a crash its PostgreSQL may need a moment to end.
    rmSync(this.data, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
    // A panic may have cost nobody anything that a test looks at; it is a fault all the same.
    const panics = this.said().split('\n').filter((line) => /panicked at/.test(line));
    if (panics.length > 0) {
      throw new Error(`the server panicked; its log: ${this.log}\n${panics.slice(0, 5).join('\n')}`);
    }
  }

  /** `strata user add`, as whoever runs the server would. */
  async addPerson({ email, name, capabilities, environment = 'production' }: NewPerson): Promise<void> {
    const granted = capabilities.flatMap((capability) => ['--capability', capability]);
    const account = ['--email', email, '--name', name, '--password-stdin', '--environment', environment];
    await this.command(['user', 'add', ...account, ...granted], `${PASSWORD}\n`);
  }

  /** A `strata worker` beside it; ends with whoever stops it. */
  worker(): ChildProcess {
    return spawn(BINARY, ['worker'], { cwd: this.data, env: this.environment, stdio: 'ignore' });
  }

  /** `strata import`: that topology file becomes the first revision of a new environment. */
  async importTopology(environment: string, file: string): Promise<void> {
    await this.command(['import', '-', '--environment', environment], file);
  }

  private async command(args: string[], input: string): Promise<void> {
    const child = spawn(BINARY, args, { cwd: this.data, env: this.environment, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
    child.stdin.end(input);
    await once(child, 'close');
    if (child.exitCode !== 0) {
      throw new Error(`strata ${args[0]} failed: ${said}`);
    }
  }

  /** The process of the private PostgreSQL, from the file in which it says so; none while it is started again. */
  postgresProcess(): number | undefined {
    const file = join(this.data, 'postgres', 'postmaster.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
  }

  /** What the server has said so far. */
  said(): string {
    return readFileSync(this.log, 'utf8');
  }

  private async answers(): Promise<void> {
    const until = Date.now() + STARTS_WITHIN_MS;
    let failed: Error | undefined;
    this.process.once('error', (error) => (failed = error));
    for (;;) {
      if (failed !== undefined) {
        throw failed;
      }
      if (this.process.exitCode !== null) {
        throw new Error(`the server ended with ${this.process.exitCode} (is it built? make build):\n${this.said()}`);
      }
      const response = await fetch(`${this.address}/sign-in`).catch(() => undefined);
      if (response?.ok) {
        return;
      }
      if (Date.now() > until) {
        throw new Error(`the server does not answer:\n${this.said()}`);
      }
      await sleep(50);
    }
  }
}

/** Our environment without what would lead the server to other data. */
function inherited(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('STRATA_') && name !== 'DATABASE_URL');
  const postgres = process.env['STRATA_POSTGRES_BIN'];
  return { ...Object.fromEntries(entries), ...(postgres === undefined ? {} : { STRATA_POSTGRES_BIN: postgres }) };
}

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('no free port');
  }
  return address.port;
}
