/** An address that webhooks call: it keeps what came, and answers as it is told. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  id: string;
  timestamp: string;
  signature: string;
  body: string;
}

export class Receiver {
  readonly url: string;
  readonly calls: Call[] = [];
  /** The status of its answers from now on. */
  answers = 204;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const header = (name: string): string => `${request.headers[`webhook-${name}`] ?? ''}`;
        receiver.calls.push({ id: header('id'), timestamp: header('timestamp'), signature: header('signature'), body: Buffer.concat(pieces).toString() });
        response.writeHead(receiver.answers).end();
      });
    });
    return receiver;
  }

  stop(): void {
    this.server.close();
  }
}

/** Whether a call is signed with that secret, as Standard Webhooks has it. */
export function isSigned({ id, timestamp, signature, body }: Call, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const wanted = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  const given = Buffer.from(signature);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
