/** Whatever comes over the WebSocket, the hub answers as JSON-RPC 2.0 has it, and lives on (websocket §2). */
import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ERROR_CODES, OPERATIONS } from '../../protocol/index.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';

interface Frame {
  jsonrpc: string;
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string; data: { code: keyof typeof ERROR_CODES; status: number } };
}

let hub: InProcessHub;
let socket: WebSocket;
const frames: (Frame | Frame[])[] = [];
beforeAll(async () => {
  hub = await startInProcess();
  socket = new WebSocket(hub.wsUrl, 'arc.v1');
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data));
    if (frame.method === undefined) frames.push(frame);
  });
  await once(socket, 'open');
});
afterAll(async () => {
  socket.terminate();
  await hub[Symbol.asyncDispose]();
});

let marks = 0;
/** Sends a text, and gives back what it was answered with: all that comes before the answer to a mark sent after it. */
async function answersTo(text: string): Promise<(Frame | Frame[])[]> {
  const mark = `mark ${++marks}`;
  const from = frames.length;
  socket.send(text);
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: mark, method: 'hub.shutdown.get' }));
  const isMark = (frame: Frame | Frame[]) => !Array.isArray(frame) && frame.id === mark;
  await until(() => frames.slice(from).some(isMark));
  return frames.slice(from).filter((frame) => !isMark(frame));
}

function expectProper(frame: Frame): void {
  expect(frame.jsonrpc).toBe('2.0');
  expect(frame).toHaveProperty('id');
  if (frame.error === undefined) {
    expect(frame).toHaveProperty('result');
    return;
  }
  expect(frame).not.toHaveProperty('result');
  const { code, message, data } = frame.error;
  expect(message).toEqual(expect.any(String));
  expect(ERROR_CODES[data.code]).toMatchObject({ rpc: code, status: data.status });
  expect(data.code).not.toBe('internal');
}

/** Names that end nothing and wait for nothing: the hub must live on, and answers must come before the mark. */
const METHODS = Object.values(OPERATIONS)
  .filter(({ kind, name }) => kind !== 'wait' && !name.startsWith('hub.shutdown'))
  .map(({ name }) => name);

const anything = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
const id = fc.oneof(
  fc.integer(),
  fc.string({ unit: 'binary' }),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const FIELDS = [
  'agent_id',
  'from_agent',
  'owner_agent_id',
  'body',
  'channel',
  'name',
  'claim_key',
  'file_path',
  'ttl_sec',
  'metadata',
  'attachments',
  'task_id',
  'since_id',
  'limit',
  'topics',
  'kinds',
  'replace',
  '__proto__',
  'constructor',
];
const params = fc.oneof(
  anything,
  fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(anything, fc.integer(), fc.constant('ana'))),
);
const request = fc.record({ jsonrpc: fc.constant('2.0'), id, method: fc.constantFrom(...METHODS), params });
const oddRequest = fc.record(
  {
    jsonrpc: fc.oneof(anything, fc.constant('2.0')),
    id: anything,
    method: fc.oneof(anything, fc.constantFrom(...METHODS)),
    params,
  },
  { requiredKeys: [] },
);

describe('JSON-RPC framing', () => {
  it('answers every request once, under its id', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(request, async (each) => {
        const answers = (await answersTo(JSON.stringify(each))) as Frame[];
        expect(answers).toHaveLength(1);
        expectProper(answers[0] as Frame);
        expect(answers[0]?.id).toEqual(JSON.parse(JSON.stringify(each.id)));
      }),
      { numRuns: 300 },
    );
  });

  it('answers malformed texts with parse_error and null', { timeout: 60_000 }, async () => {
    const isJson = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const broken = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(request, fc.nat()).map(([each, at]) => JSON.stringify(each).slice(0, at % JSON.stringify(each).length)),
      fc.tuple(request, fc.nat(), fc.string({ minLength: 1 })).map(([each, at, noise]) => {
        const text = JSON.stringify(each);
        const cut = at % text.length;
        return text.slice(0, cut) + noise + text.slice(cut);
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        broken.filter((text) => !isJson(text)),
        async (text) => {
          const answers = (await answersTo(text)) as Frame[];
          expect(answers).toMatchObject([
            { jsonrpc: '2.0', id: null, error: { code: -32700, data: { code: 'parse_error', status: 400 } } },
          ]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answers odd requests and batches properly, and notifications not at all', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(oddRequest, fc.array(fc.oneof(oddRequest, request, anything), { maxLength: 8 })),
        async (each) => {
          const text = JSON.stringify(each);
          const sent = JSON.parse(text);
          const answers = await answersTo(text);
          expect(answers.length).toBeLessThanOrEqual(1);
          for (const frame of answers.flat()) expectProper(frame);
          const isNotification = (one: unknown) => {
            const { jsonrpc, method } = (one ?? {}) as Record<string, unknown>;
            return jsonrpc === '2.0' && typeof method === 'string' && !Object.hasOwn(one as object, 'id');
          };
          if (!Array.isArray(sent)) {
            if (!isNotification(sent)) expect(answers).toHaveLength(1);
          } else if (sent.length > 0) {
            const wanted = sent.filter((one) => !isNotification(one)).length;
            expect(answers.flat().length).toBeGreaterThanOrEqual(wanted);
            expect(answers.flat().length).toBeLessThanOrEqual(sent.length);
          } else expect(answers).toMatchObject([{ id: null, error: { code: -32600 } }]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('lives through random bytes on the socket', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.boolean(), async (bytes, binary) => {
        const other = new WebSocket(hub.wsUrl, 'arc.v1');
        other.on('error', () => undefined);
        await once(other, 'open');
        const raw = (other as unknown as { _socket: { write(data: Uint8Array): void } })._socket;
        if (binary) other.send(bytes, { binary: true });
        else raw.write(bytes);
        other.terminate();
        expect((await fetch(`${hub.hub.url}/healthz`)).status).toBe(200);
      }),
      { numRuns: 60 },
    );
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });
});
