import { describe, expect, it } from 'vitest';
import { until } from '../tests/support/until.js';
import { HubClient, HubError, type StateChange } from './index.js';
import { FakeHub } from './testing/fake-hub.js';

const quick = { backOff: { baseMs: 1, maxMs: 10 } };

async function connect(hub: FakeHub, agentId: string | undefined = 'ana', options = {}): Promise<HubClient> {
  return HubClient.connect(agentId, { baseUrl: hub.url, ...quick, ...options });
}

describe('connecting', () => {
  it('signs in, posts and iterates in three lines', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    const messages = hub.subscribe();
    await messages.ready;
    const posted = await hub.post('general', 'hello');
    expect(posted).toMatchObject({ id: 1, from_agent: 'ana', deduplicated: false });
    for await (const message of messages) {
      expect(message).toMatchObject({ id: 1, body: 'hello' });
      break;
    }
    expect(fake.asked('sessions.open')[0]?.params).toEqual({ agent_id: 'ana', replace: true });
  });

  it('fails at once when no hub is there, in the words of arc-v1 §9.4', async () => {
    const fake = await FakeHub.start();
    await fake.stop();
    await expect(connect(fake)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^connection error: .*ECONNREFUSED/),
    });
  });

  it('waits for a hub that is not there yet, if it is asked to', async () => {
    const fake = await FakeHub.start();
    await fake.stop();
    const connecting = connect(fake, 'ana', { waitForHub: true });
    await fake.start();
    await using hub = await connecting;
    expect(hub.state).toBe('open');
    await fake.stop();
  });

  it('gives up connecting on a signal', async () => {
    const fake = await FakeHub.start();
    await fake.stop();
    const signal = AbortSignal.timeout(20);
    await expect(connect(fake, 'ana', { waitForHub: true, signal })).rejects.toMatchObject({
      code: 'timeout',
      details: { cancelled: true },
    });
  });

  it('tells the error with which the hub refused the session', async () => {
    await using fake = await FakeHub.start();
    fake.onRequest = ({ id, method, connection }) => {
      if (method !== 'sessions.open') return false;
      connection.refuse(id, 'conflict', 'agent_id already has an active session');
      return true;
    };
    const failure = connect(fake, 'ana', { replace: false });
    await expect(failure).rejects.toBeInstanceOf(HubError);
    await expect(failure).rejects.toMatchObject({ code: 'conflict', status: 409 });
  });
});

describe('a lost connection', () => {
  it('comes back with resume: true, and says so', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake, 'ana', { displayName: 'Ana', capabilities: ['review'] });
    const states: StateChange[] = [];
    hub.on('state', (change) => states.push(change));
    fake.cut();
    await until(() => hub.state === 'open' && states.length === 2);
    expect(states.map(({ state }) => state)).toEqual(['reconnecting', 'open']);
    expect(states[0]).toMatchObject({ closeCode: 1006, delayMs: expect.any(Number) });
    const [first, second] = fake.asked('sessions.open');
    expect(first?.params).toMatchObject({ replace: true });
    expect(second?.params).toEqual({
      agent_id: 'ana',
      display_name: 'Ana',
      capabilities: ['review'],
      resume: true,
    });
    expect(hub.session?.session_id).toBe('s1');
  });

  it('repeats a write with the same key until it is answered, and it is done once', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    let cuts = 0;
    fake.onRequest = (request) => {
      if (request.method !== 'messages.post' || cuts === 3) return false;
      // Done, but the answer is lost.
      cuts += 1;
      request.connection.framesLeft = 0;
      fake.serve(request);
      request.connection.cut();
      return true;
    };
    const posted = await hub.post('general', 'once');
    expect(posted).toMatchObject({ id: 1, deduplicated: true });
    expect(fake.log).toHaveLength(1);
    const keys = fake.asked('messages.post').map(({ params }) => params.idempotency_key);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
  });

  it('sends what was called while it was away, in the order of the calls', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    await fake.stop();
    await until(() => hub.state === 'reconnecting');
    const posts = Array.from({ length: 20 }, (_, i) => hub.post('general', `${i}`));
    await fake.start();
    const answers = await Promise.all(posts);
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it.each([
    [1000, 'unavailable'],
    [4001, 'conflict'],
    [1003, 'unavailable'],
    [1007, 'unavailable'],
    [1009, 'too_large'],
  ] as const)('does not come back after close code %i', async (code, error) => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    const messages = hub.subscribe();
    await messages.ready;
    fake.onRequest = ({ method }) => method === 'messages.get';
    const unanswered = hub.message(1);
    unanswered.catch(() => undefined);
    await until(() => fake.asked('messages.get').length === 1);
    fake.close(code, 'so it is');
    expect(await hub.closed).toMatchObject({ code: error, details: { close_code: code } });
    expect(hub.state).toBe('closed');
    await expect(unanswered).rejects.toMatchObject({ code: error });
    await expect(messages.next()).rejects.toMatchObject({ code: error });
    await expect(hub.post('general', 'x')).rejects.toMatchObject({ code: error });
    expect(fake.asked('sessions.open')).toHaveLength(1);
  });

  it.each([1001, 1006, 1011, 1012, 4008, 4029, 4999])('comes back after close code %i', async (code) => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    if (code === 1006) fake.cut();
    else fake.close(code);
    await until(() => fake.asked('sessions.open').length === 2 && hub.state === 'open');
    await hub.post('general', 'still here');
  });

  it('ends when the hub will not have the session back', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    fake.onRequest = ({ id, method, connection }) => {
      if (method !== 'sessions.open') return false;
      connection.refuse(id, 'forbidden', 'not you');
      return true;
    };
    fake.cut();
    expect(await hub.closed).toMatchObject({ code: 'forbidden', message: 'not you' });
  });

  it('goes on when the hub is only busy', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    let refusals = 0;
    fake.onRequest = ({ id, method, connection }) => {
      if (method !== 'sessions.open' || refusals === 3) return false;
      refusals += 1;
      connection.refuse(id, 'unavailable', 'shutting down');
      return true;
    };
    fake.cut();
    await until(() => refusals === 3 && hub.state === 'open');
  });

  it('announces another instance, and reads its log from the beginning', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    fake.post('old');
    const messages = hub.subscribe({ since_id: 0 });
    expect((await messages.next()).value).toMatchObject({ id: 1, body: 'old' });
    const seen: unknown[] = [];
    hub.on('instance', (event) => seen.push(event));
    await fake.stop();
    fake.instanceId = 'mh1-second';
    fake.log.length = 0;
    fake.post('new');
    await fake.start();
    expect((await messages.next()).value).toMatchObject({ id: 1, body: 'new' });
    expect(seen).toEqual([{ previous: 'mh1-first', current: 'mh1-second' }]);
  });
});

describe('a call', () => {
  it('that is cancelled tells the hub, and says that it was', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    const giveUp = new AbortController();
    const call = hub.call('ben', 'review', { signal: giveUp.signal });
    const asked = await until(() => fake.asked('rpc.call')[0]);
    giveUp.abort();
    await expect(call).rejects.toMatchObject({ code: 'timeout', details: { cancelled: true } });
    await until(() => fake.asked('cancel')[0]);
    expect(fake.asked('cancel')[0]?.params).toEqual({ id: asked.id });
  });

  it('ends when its time is up, connected or not', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    fake.onRequest = ({ method }) => method === 'messages.get';
    await expect(hub.message(1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout', status: 408 });
    await fake.stop();
    await expect(hub.message(1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
  });

  it('is refused here when the hub would end the connection for its size', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    await expect(hub.post('general', 'x'.repeat(9_000_000))).rejects.toMatchObject({ code: 'too_large' });
    expect(fake.asked('messages.post')).toEqual([]);
  });

  it('rebuilds the error of the hub', async () => {
    await using fake = await FakeHub.start();
    await using hub = await connect(fake);
    fake.onRequest = ({ id, method, connection }) => {
      if (method !== 'rpc.call') return false;
      connection.refuse(id, 'timeout', 'no result', { request_id: 7 });
      return true;
    };
    await expect(hub.call('ben', 'x')).rejects.toMatchObject({
      code: 'timeout',
      message: 'no result',
      details: { request_id: 7 },
    });
  });

  it('rejects when the client is closed first', async () => {
    await using fake = await FakeHub.start();
    const hub = await connect(fake);
    fake.onRequest = ({ method }) => method === 'messages.get';
    const call = hub.message(1);
    call.catch(() => undefined);
    await hub.close();
    await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    expect(fake.asked('sessions.close')[0]?.params).toMatchObject({ session_id: 's1' });
    expect(await hub.closed).toBeUndefined();
    await hub.close();
  });
});
