/** The way to a database, which can be cut without a word: connections stay open, and nothing comes through any more. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Wire {
  private readonly listener: Server;
  private readonly open = new Set<Socket>();
  private port = 0;

  private constructor(socket: string) {
    this.listener = createServer((near) => {
      const far = connect(socket);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.open.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.open.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** A way to the PostgreSQL that listens on this Unix socket. */
  static async to(socket: string): Promise<Wire> {
    const wire = new Wire(socket);
    wire.listener.listen(0, '127.0.0.1');
    await once(wire.listener, 'listening');
    const address = wire.listener.address();
    wire.port = address === null || typeof address === 'string' ? 0 : address.port;
    return wire;
  }

  /** For `DATABASE_URL`. */
  get url(): string {
    return `postgres://strata@127.0.0.1:${this.port}/postgres?sslmode=disable`;
  }

  /** Nothing comes through what is connected now; new connections work. */
  cut(): void {
    for (const one of this.open) {
      one.unpipe();
      one.pause();
    }
  }

  async remove(): Promise<void> {
    for (const one of this.open) {
      one.destroy();
    }
    this.listener.close();
    await once(this.listener, 'close');
  }
}
