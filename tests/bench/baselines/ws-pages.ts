/**
 * Replay at its barest: pages of 500 rows read from SQLite, each row a frame over ws, a page a write, the next page
 * when the socket has taken this one. Nothing is checked or filtered.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Database from 'better-sqlite3';
import { type WebSocket, WebSocketServer } from 'ws';
import { answerFrame, type BareMessage, type BareRequest, messageText, pushFrame, sayReady } from './message.js';

const PAGE_ROWS = 500;
const [, , storage = ':memory:'] = process.argv;
const db = new Database(storage);
const page = db.prepare<[number, number], BareMessage>(
  'SELECT id, from_agent, channel, body FROM messages WHERE id > ? ORDER BY id LIMIT ?',
);

async function replay(to: WebSocket, socket: Socket): Promise<void> {
  for (let since = 0; ; ) {
    const rows = page.all(since, PAGE_ROWS);
    const last = rows.at(-1);
    if (last === undefined) return;
    since = last.id;
    socket.cork();
    const taken = new Promise((resolve) => {
      for (const row of rows) to.send(pushFrame(messageText(row)), row === last ? resolve : undefined);
    });
    socket.uncork();
    await taken;
  }
}

const server = createServer();
const door = new WebSocketServer({ server, path: '/v1/ws' });
door.on('connection', (to, request) => {
  to.on('message', (data) => {
    const call = JSON.parse(String(data)) as BareRequest;
    to.send(answerFrame(call.id, '{}'));
    if (call.method === 'events.subscribe') void replay(to, request.socket);
  });
});
server.listen(0, '127.0.0.1', () => sayReady((server.address() as AddressInfo).port));
