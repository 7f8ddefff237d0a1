/** Slow, idle and guessing strangers beside an honest client, who hardly notices (identity §8). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { TOKEN_FILE } from '../../protocol/index.js';
import { startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';

const POSTS = 400;
/** A machine that is busy with something else may spoil a round. */
const ROUNDS = 3;

/** Runs beside the test: idle, slow-header and slow-body connections, and 500 wrong tokens a second. */
const STRANGERS = `
  const { connect } = require('node:net');
  const { Agent, request } = require('node:http');
  const { parentPort, workerData: port } = require('node:worker_threads');
  const open = (bytes) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => undefined);
    return socket;
  };
  const slow = [];
  for (let i = 0; i < 300; i++) open('');
  for (let i = 0; i < 50; i++) slow.push(open('POST /v1/messages HTTP/1.1\\r\\nHost: localhost\\r\\nX-A: '));
  for (let i = 0; i < 50; i++) slow.push(open('POST /v1/messages HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 9999\\r\\n\\r\\n{'));
  setInterval(() => slow.forEach((socket) => socket.writable && socket.write('x')), 100);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let refused = 0;
  const guess = () => {
    const secret = Math.random().toString(36).padEnd(43, 'x').slice(-43).replace('.', '_');
    const headers = { authorization: 'Bearer arct_0123456789_' + secret };
    request({ port, host: '127.0.0.1', path: '/v1/channels', agent, headers }, (answer) => {
      answer.resume();
      if (answer.statusCode === 401) parentPort.postMessage(++refused);
    }).on('error', () => undefined).end();
  };
  setInterval(() => { for (let i = 0; i < 10; i++) guess(); }, 20);
`;

it('leave an honest client within three times of its quiet p99', { timeout: 120_000 }, async () => {
  await using hub = await startHub({ args: ['--auth', 'required', '--no-relay'] });
  const token = readFileSync(join(hub.folder, TOKEN_FILE), 'utf8').trim();
  await using honest = await HubClient.connect('ana', { baseUrl: hub.url, token });
  const p99 = async () => {
    const took: number[] = [];
    for (let n = 0; n < POSTS; n++) {
      const beganMs = performance.now();
      await honest.post('general', 'x');
      took.push(performance.now() - beganMs);
    }
    return took.sort((a, b) => a - b)[Math.floor(POSTS * 0.99)] ?? 0;
  };
  await p99();
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS && !ratios.some((ratio) => ratio <= 3); round++) {
    const quiet = await p99();
    const strangers = new Worker(STRANGERS, { eval: true, workerData: hub.port });
    let refused = 0;
    strangers.on('message', (count: number) => {
      refused = count;
    });
    await until(() => refused > 100);
    const before = refused;
    ratios.push((await p99()) / quiet);
    expect(refused).toBeGreaterThan(before);
    await strangers.terminate();
  }
  expect(Math.min(...ratios)).toBeLessThanOrEqual(3);
});
