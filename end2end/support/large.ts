/** Topologies of thousands of nodes. */

import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** A healthy topology of that many nodes, from the generator of the examples. */
export function largeTopology(nodes: number, environment: string): string {
  const args = ['run', '--quiet', '--profile', 'quick', '-p', 'strata-domain', '--example', 'large_topology', '--', `${nodes}`];
  const file = execFileSync('cargo', args, { cwd: REPOSITORY, maxBuffer: 64 * 1024 * 1024 }).toString();
  return file.replace(/^environment: .*$/m, `environment: ${environment}`);
}
