import { get } from 'node:http';
import { expect } from 'vitest';
import { OPERATIONS, type Operation } from '../../../protocol/index.js';
import { RawSocket, type TopicChange } from '../../support/raw-socket.js';
import { until } from '../../support/until.js';
import { type Answer, type Case, everyDoor, onDoors, ownHub } from '../harness/contract.js';
import { Refusal } from '../harness/doors.js';

const NOTICE = 'Hub is shutting down now.';

export const cases: readonly Case[] = [
  ownHub(
    everyDoor(
      ['arc-v1 §5.7-2', 'arc-v1 §5.7-4'],
      'shuts down at once, answering who waits',
      async ({ hub, visit, http, rows }) => {
        const ana = await visit('ana');
        const ben = await visit('ben');
        const poll = ben.call('messages.list', { thread_id: 'never', timeout: 60 });
        await until(async () => (await http.result<Answer>('GET', '/v1/stats')).waiters === 1);
        expect(await ana.call('hub.shutdown.start', { delay_sec: 0 })).toEqual({ status: 'shutdown_initiated' });
        expect(await poll).toEqual([]);
        await until(() => !hub.isRunning);
        expect(await hub.stop()).toBeNull();
        const notices = rows('SELECT from_agent, channel, kind, body, metadata_json FROM messages ORDER BY id');
        const common = { from_agent: 'system', channel: 'general', kind: 'notice', body: NOTICE };
        expect(notices).toEqual([
          { ...common, metadata_json: '{"shutdown":true,"delay_sec":0}' },
          { ...common, metadata_json: '{"shutdown":true,"final":true}' },
        ]);
      },
    ),
  ),

  ownHub(
    everyDoor(['arc-v1 §5.7-3'], 'shuts down when it is due', async ({ hub, visit, rows }) => {
      const ana = await visit('ana');
      const armed = await ana.call('hub.shutdown.start', { delay_sec: 1 });
      expect(armed).toEqual({ status: 'shutdown_initiated', remaining_sec: 0, delay_sec: 1 });
      await until(() => !hub.isRunning);
      expect(rows('SELECT body FROM messages ORDER BY id')).toEqual([
        { body: 'Hub shutdown initiated. Shutting down in 1 seconds.' },
        { body: NOTICE },
      ]);
    }),
  ),

  ownHub(
    everyDoor(['arc-v1 §5.7-6'], 'starts again where it was', async ({ hub, visit }) => {
      const before = await visit('ana');
      const { id } = await before.call('messages.post', { kind: 'task', body: 'x', thread_id: 't' });
      await before.call('claims.acquire', { claim_key: 'k' });
      await before.call('hub.shutdown.start', { delay_sec: 3_600 });
      await hub.restart();
      const after = await visit('ana');
      expect(await after.call('hub.shutdown.get')).toBeNull();
      expect(await after.call('messages.get', { id })).toMatchObject({ body: 'x' });
      expect(await after.call('claims.list', { active_only: true })).toMatchObject([{ claim_key: 'k' }]);
      expect(await after.call('threads.list')).toMatchObject([{ thread_id: 't', open_task_count: 1 }]);
      expect((await after.call('messages.post', { body: 'y' })).id).toBeGreaterThan(id);
    }),
  ),

  ownHub(
    onDoors(['http'], ['arc-v1 §5.7-5'], 'ends streams', async ({ hub }) => {
      let text = '';
      const ended = new Promise<boolean>((resolve) => {
        get(`${hub.url}/v1/stream?agent_id=a`, (incoming) => {
          incoming.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          incoming.once('close', () => resolve(incoming.complete));
          void fetch(`${hub.url}/v1/shutdown`, { method: 'POST', body: '{"delay_sec":0}' });
        });
      });
      expect(await ended).toBe(true);
      expect(text.match(/"final":true/g)).toHaveLength(1);
    }),
  ),

  ownHub(
    onDoors(['ws'], ['websocket §10-1', 'websocket §10-2'], 'says goodbye in order', async ({ hub }) => {
      const watcher = await RawSocket.open(hub.wsUrl);
      const plain = await RawSocket.open(hub.wsUrl);
      const codes = [watcher, plain].map(
        ({ socket }) => new Promise<number>((resolve) => socket.once('close', (code) => resolve(code))),
      );
      await watcher.call('events.subscribe', { topics: ['hub'] });
      const writes = Array.from({ length: 50 }, (_, i) =>
        plain.call<Answer>('messages.post', { from_agent: 'a', body: `${i}` }),
      );
      void hub.stop();
      const acknowledged = await Promise.allSettled(writes);
      expect(acknowledged.map(({ status }) => status)).toEqual(Array(50).fill('fulfilled'));
      expect(await Promise.all(codes)).toEqual([1001, 1001]);
      const final = { change: 'shutdown_final', value: null };
      expect(watcher.received<TopicChange>('hub').map(({ params }) => params)).toMatchObject([final]);
      expect(plain.received<TopicChange>('hub').map(({ params }) => params)).toMatchObject([final]);
      // Posts that were still on their way may come after it.
      const notices = watcher.received<Answer>('message').filter(({ params }) => params.kind === 'notice');
      expect(notices.map(({ params }) => params)).toMatchObject([
        { from_agent: 'system', body: NOTICE, metadata: { final: true } },
      ]);
    }),
  ),

  ownHub(
    onDoors(['ws'], ['websocket §10-2'], 'answers all that it does, under load too', async ({ hub, rows }) => {
      const acknowledged = new Set<number>();
      const publish = async (raw: RawSocket) => {
        for (;;) acknowledged.add((await raw.call<Answer>('messages.post', { from_agent: 'ana', body: 'x' })).id);
      };
      const publishers = await Promise.all(Array.from({ length: 10 }, () => RawSocket.open(hub.wsUrl)));
      const ends = publishers.flatMap((raw) => Array.from({ length: 8 }, () => publish(raw)));
      await until(() => acknowledged.size > 1_000);
      await Promise.all([hub.stop(), Promise.allSettled(ends)]);
      const stored = rows(`SELECT id FROM messages WHERE from_agent = 'ana'`).map(({ id }) => id);
      expect(stored.filter((id) => !acknowledged.has(id))).toEqual([]);
      expect(stored).toHaveLength(acknowledged.size);
    }),
  ),

  ownHub(
    everyDoor(['websocket §3-3'], 'serves every operation of the table', async ({ visit, door }) => {
      const someone = await visit();
      for (const [name, row] of Object.entries(OPERATIONS)) {
        const operation: Operation = row;
        if (door !== 'ws' && operation.rest === undefined) continue;
        if (door.startsWith('client') && (operation.kind === 'connection' || operation.pushes)) continue;
        const ids = Object.fromEntries([...(operation.rest?.path ?? '').matchAll(/\{(\w+)/g)].map(([, id]) => [id, 1]));
        const outcome = await someone.call(name, door === 'ws' ? {} : ids).then(
          () => undefined,
          (cause: unknown) => {
            if (cause instanceof Refusal) return cause;
            throw cause;
          },
        );
        expect([name, outcome?.code]).not.toEqual([name, 'unknown_method']);
        expect([name, outcome?.error]).not.toEqual([name, 'not found']);
        expect([name, outcome?.code]).not.toEqual([name, 'internal']);
      }
    }),
  ),
];
