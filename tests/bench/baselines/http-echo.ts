/** A bare node:http server that parses JSON, wraps it in the envelope and sends it back. Nothing is stored. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sayReady } from './message.js';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const result: unknown = body === '' ? null : JSON.parse(body);
    const answer = JSON.stringify({ ok: true, result });
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => sayReady((server.address() as AddressInfo).port));
