/** Executors that are written with the client's helper, a great many jobs, and a client that does not read. */
import { describe, expect, it } from 'vitest';
import { HubClient, type Tools } from '../../client/index.js';
import { startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';
import { RawClient } from './client.js';

async function serving(baseUrl: string, agent: string, tools: Tools) {
  const hub = await HubClient.connect(agent, { baseUrl, capabilities: ['review'] });
  const done = hub.serve(tools);
  return {
    [Symbol.asyncDispose]: async () => {
      await hub.close();
      await done.catch(() => undefined);
    },
  };
}

describe('hub.serve', () => {
  it('tells on its way, answers, fails and stops (D.3, D.4)', async () => {
    await using up = await startInProcess();
    await using _ = await serving(up.hub.url, 'Rev', {
      rev: async (input, { progress, log, stream }) => {
        await progress(1, 2);
        await log('warn', 'careful');
        await stream('text');
        return { got: input };
      },
      review: () => {
        throw Object.assign(new Error('no'), { code: 'OUT_OF_RANGE' });
      },
    });
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    client.send('tool.invoke', { tool: 'rev', arguments: { a: 1 } });
    const result = await client.next(({ type }) => type === 'tool.result');
    expect(result.payload).toEqual({ value: { got: { a: 1 } } });
    expect(client.of('job.progress')[0]?.payload).toMatchObject({ percent: 50 });
    expect(client.of('log')[0]?.payload).toMatchObject({ level: 'warn', message: 'careful' });
    expect(client.of('stream.chunk')[0]?.payload).toMatchObject({ content: 'text' });
    client.send('tool.invoke', { tool: 'cap.review' });
    expect((await client.next(({ type }) => type === 'job.failed')).payload).toMatchObject({
      code: 'OUT_OF_RANGE',
      message: 'no',
    });
  });

  it('takes up what came while it was away, and stops when it is asked to (45)', async () => {
    await using up = await startInProcess();
    const first = await HubClient.connect('rev', { baseUrl: up.hub.url });
    await first.close();
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    const { payload } = await client.ask('tool.invoke', { tool: 'rev' });
    expect(payload.queued).toBe(true);
    let started = false;
    await using _ = await serving(up.hub.url, 'rev', {
      '*': (_input, { signal }) => {
        started = true;
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(1)));
      },
    });
    await until(() => started);
    client.send('cancel', { target: 'job', target_id: payload.job_id, deadline_ms: 60_000 });
    await client.next(({ type }) => type === 'job.cancelled');
    expect(client.of('job.started')).toHaveLength(1);
  });
});

describe('a great deal', () => {
  it('of jobs at once ends each once (125)', async () => {
    await using up = await startInProcess();
    await using _ = await serving(up.hub.url, 'bot', { '*': (input) => input });
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    for (let n = 0; n < 1_000; n++) client.send('tool.invoke', { tool: 'bot', arguments: { n } });
    await until(() => client.of('job.completed').length === 1_000, { timeoutMs: 30_000 });
    const values = client.of('tool.result').map(({ payload }) => payload.value.n as number);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_each, n) => n));
    expect(new Set(client.of('job.completed').map(({ job_id }) => job_id)).size).toBe(1_000);
  }, 40_000);

  it('for a client that does not read waits in the store, and comes whole and in order', async () => {
    await using up = await startInProcess();
    const text = 'x'.repeat(100_000);
    let said = false;
    await using _ = await serving(up.hub.url, 'bot', {
      '*': async (_input, { stream }) => {
        for (let n = 0; n < 150; n++) await stream(text);
        said = true;
        return 1;
      },
    });
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    client.ws.pause();
    client.send('tool.invoke', { tool: 'bot' });
    await until(() => said, { timeoutMs: 30_000 });
    client.ws.resume();
    await until(() => client.of('job.completed').length === 1, { timeoutMs: 30_000 });
    const sequences = client.of('stream.chunk').map(({ payload }) => payload.sequence as number);
    expect(sequences).toEqual(Array.from({ length: 150 }, (_each, n) => n));
  }, 70_000);
});
