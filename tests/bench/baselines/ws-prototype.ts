/**
 * The least that could be called a durable message bus: ws, one table, one FULL commit an event-loop turn, no
 * validation. Acknowledges after the commit and sends all that a turn has for a socket in one write.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Database from 'better-sqlite3';
import { type WebSocket, WebSocketServer } from 'ws';
import { answerFrame, type BareRequest, messageText, pushFrame, sayReady } from './message.js';

const [, , storage = ':memory:'] = process.argv;
const db = new Database(storage);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, from_agent TEXT NOT NULL, channel TEXT NOT NULL, body TEXT NOT NULL)`);
const insert = db.prepare<[string, string, string, string]>(
  'INSERT INTO messages (ts, from_agent, channel, body) VALUES (?, ?, ?, ?)',
);

interface Post {
  from: WebSocket;
  request: BareRequest;
}
const subscribers = new Set<WebSocket>();
const sockets = new WeakMap<WebSocket, Socket>();
let turn: Post[] = [];

const commit = db.transaction((posts: readonly Post[]) =>
  posts.map(({ from, request }) => {
    const { from_agent = 'a', body = '' } = request.params;
    const { lastInsertRowid } = insert.run('2026-01-02T03:04:05Z', from_agent, 'general', body);
    const message = messageText({ id: Number(lastInsertRowid), from_agent, channel: 'general', body });
    return { from, answer: answerFrame(request.id, message), push: Buffer.from(pushFrame(message)) };
  }),
);

function endTurn(): void {
  const posts = turn;
  turn = [];
  const stored = commit(posts);
  const answered = new Set(stored.map(({ from }) => from));
  for (const socket of answered) sockets.get(socket)?.cork();
  for (const { from, answer } of stored) from.send(answer);
  for (const socket of answered) sockets.get(socket)?.uncork();
  for (const socket of subscribers) {
    sockets.get(socket)?.cork();
    for (const { push } of stored) socket.send(push, { binary: false });
    sockets.get(socket)?.uncork();
  }
}

const server = createServer();
const door = new WebSocketServer({ server, path: '/v1/ws' });
door.on('connection', (socket, request) => {
  sockets.set(socket, request.socket);
  socket.on('message', (data) => {
    const call = JSON.parse(String(data)) as BareRequest;
    if (call.method === 'messages.post') {
      if (turn.length === 0) setImmediate(endTurn);
      turn.push({ from: socket, request: call });
      return;
    }
    if (call.method === 'events.subscribe') subscribers.add(socket);
    socket.send(answerFrame(call.id, '{}'));
  });
  socket.on('close', () => subscribers.delete(socket));
});
server.listen(0, '127.0.0.1', () => sayReady((server.address() as AddressInfo).port));
