/** A bare ws broadcast: a post is sent on to every subscriber as the same bytes, one write each. Nothing is stored. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { answerFrame, type BareRequest, messageText, pushFrame, sayReady } from './message.js';

const subscribers = new Set<WebSocket>();
let lastId = 0;

const server = createServer();
const door = new WebSocketServer({ server, path: '/v1/ws' });
door.on('connection', (socket) => {
  socket.on('message', (data) => {
    const call = JSON.parse(String(data)) as BareRequest;
    if (call.method === 'events.subscribe') subscribers.add(socket);
    if (call.method !== 'messages.post') return socket.send(answerFrame(call.id, '{}'));
    const { from_agent = 'a', body = '' } = call.params;
    lastId += 1;
    const message = messageText({ id: lastId, from_agent, channel: 'general', body });
    const push = Buffer.from(pushFrame(message));
    for (const subscriber of subscribers) subscriber.send(push, { binary: false });
    socket.send(answerFrame(call.id, message));
  });
  socket.on('close', () => subscribers.delete(socket));
});
server.listen(0, '127.0.0.1', () => sayReady((server.address() as AddressInfo).port));
