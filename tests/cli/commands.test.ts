/** Every command that talks to a hub, against a real one: what it prints and its exit code. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { arc, json, type Outcome, start } from './arc.js';

let hub: HubProcess;

beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const run = (...words: string[]): Promise<Outcome> => arc([...words, '--base-url', hub.url]);
const result = async (...words: string[]) => {
  const outcome = await run(...words);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
  return json(outcome);
};
const openSession = async (body: unknown) => {
  const answer = await fetch(`${hub.url}/v1/sessions`, { method: 'POST', body: JSON.stringify(body) });
  return ((await answer.json()) as { result: { agent_id: string; session_id: string } }).result;
};

describe('post (arc-v1 §8.8)', () => {
  it('prints the message, indented by 2 and in ASCII', async () => {
    const { code, stdout } = await run('post', 'grüß 😀', '--agent', 'ana', '--thread-id', 't', '--kind', 'notice');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\n\x20-\x7e]+$/);
    expect(stdout).toContain('\n  "body": "gr\\u00fc\\u00df \\ud83d\\ude00"');
    const message = JSON.parse(stdout);
    expect(message).toMatchObject({
      from_agent: 'ana',
      to_agent: null,
      channel: 'general',
      kind: 'notice',
      thread_id: 't',
    });
    expect(message).not.toHaveProperty('deduplicated');
  });

  it('with --to posts directly, whatever the channel', async () => {
    const message = await result('post', 'psst', '--agent', 'ana', '--to', 'ben', '--channel', 'general');
    expect(message).toMatchObject({ to_agent: 'ben', channel: 'direct' });
  });

  it('says what is wrong on stdout and on stderr, exit 1 (arc-v1 §12 F9)', async () => {
    const line = 'arc error: channel does not exist: nowhere\n';
    const outcome = await run('post', 'x', '--agent', 'ana', '--channel', 'nowhere');
    expect(outcome).toEqual({ code: 1, stdout: line, stderr: line });
  });

  it('says that no hub is there', async () => {
    const { code, stdout } = await arc(['post', 'x', '--agent', 'ana', '--port', '1']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^arc error: connection error: .+\n$/);
  });

  it.each([
    [['post', 'x'], "required option '--agent <id>' not specified"],
    [['post', '--agent', 'a'], "missing required argument 'body'"],
    [['post', 'x', '--agent', 'a', '--kind', 'shout'], 'Allowed choices are artifact, chat'],
    [['post', 'x', '--agent', 'a', '--base-url', 'nonsense'], 'not the URL of a hub: nonsense'],
  ])('%j is a usage error', async (words, text) => {
    const { code, stdout, stderr } = await arc(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
  });
});

describe('sessions', () => {
  it('whoami signs in whoever is away, and shows the bootstrap (arc-v1 §8.8)', async () => {
    const outcome = await run('whoami', '--agent', 'newcomer');
    expect(outcome.code).toBe(0);
    expect(json(outcome)).toMatchObject({
      agent_id: 'newcomer',
      session: { agent_id: 'newcomer', active: true },
      default_channel: 'general',
      transport: 'direct',
    });
    expect(outcome.stderr).toContain('use it directly');
  });

  it.each([['whoami'], ['post', 'x'], ['poll', '--timeout', '0']])(
    '%s leaves a live session alone (arc-v1 §12 F7)',
    async (...words) => {
      const before = await openSession({
        agent_id: `busy-${words[0]}`,
        display_name: 'Busy',
        capabilities: ['review'],
      });
      expect((await run(...words, '--agent', before.agent_id)).code).toBe(0);
      const agents = (await result('agents')) as Record<string, unknown>[];
      const after = agents.find(({ agent_id }) => agent_id === before.agent_id);
      expect(after).toMatchObject({ session_id: before.session_id, display_name: 'Busy', capabilities: ['review'] });
    },
  );

  it('agents keeps those with a capability; rename renames', async () => {
    await openSession({ agent_id: 'able', capabilities: ['rare'] });
    expect(await result('agents', '--capability', 'rare')).toMatchObject([{ agent_id: 'able' }]);
    expect(await result('rename', 'Able B.', '--agent', 'able')).toMatchObject({ display_name: 'Able B.' });
    expect((await run('rename', 'Nobody', '--agent', 'nobody')).code).toBe(1);
  });
});

describe('reading', () => {
  it('poll prints one compact object a line, and nothing when there is none (arc-v1 §8.8)', async () => {
    await result('create-channel', 'polled', '--agent', 'ana');
    for (const body of ['one', 'two']) await result('post', body, '--agent', 'ana', '--channel', 'polled');
    const { stdout } = await run('poll', '--agent', 'ben', '--channel', 'polled', '--timeout', '5');
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(messages).toMatchObject([{ body: 'one' }, { body: 'two' }]);
    const since = ['--channel', 'polled', '--since-id', String(messages[1].id), '--timeout', '0.1'];
    expect(await run('poll', '--agent', 'ben', ...since)).toEqual({ code: 0, stdout: '', stderr: '' });
    const own = ['--channel', 'polled', '--timeout', '0'];
    expect((await run('poll', '--agent', 'ana', ...own)).stdout).toBe('');
    expect((await run('poll', '--agent', 'ana', '--include-self', ...own)).stdout.split('\n')).toHaveLength(3);
  });

  it('inbox, thread, threads and channels', async () => {
    await result('post', 'for you', '--agent', 'ana', '--to', 'reader', '--thread-id', 'letters');
    expect(await result('inbox', '--agent', 'reader')).toMatchObject([{ body: 'for you' }]);
    expect(await result('thread', 'letters')).toMatchObject({
      thread: { message_count: 1 },
      messages: [{ body: 'for you' }],
    });
    expect(await result('threads')).toContainEqual(expect.objectContaining({ thread_id: 'letters' }));
    expect(await result('channels')).toContainEqual(expect.objectContaining({ name: 'general' }));
    expect((await run('thread', 'no such thread')).stdout).toBe('arc error: thread not found\n');
  });
});

describe('work', () => {
  it('claim, denied claim, refresh, release', async () => {
    expect(await result('claim', 'k', '--agent', 'ana', '--ttl-sec', '60')).toMatchObject({ acquired: true });
    const denied = await run('claim', 'k', '--agent', 'ben');
    expect(denied.code).toBe(1);
    expect(json(denied)).toMatchObject({ acquired: false, claim: { owner_agent_id: 'ana' } });
    expect(await result('refresh', 'k', '--agent', 'ana')).toMatchObject({ acquired: true });
    expect(await result('claims', '--active-only')).toMatchObject([{ claim_key: 'k' }]);
    expect((await run('release', 'k', '--agent', 'ben')).code).toBe(1);
    expect(await result('release', 'k', '--agent', 'ana')).toMatchObject({ claim_key: 'k' });
    expect(await result('claims', '--active-only')).toEqual([]);
  });

  it('lock, denied lock, refresh --lock, unlock --force', async () => {
    expect(await result('lock', 'a.ts', '--agent', 'ana')).toMatchObject({ acquired: true });
    expect((await run('lock', 'a.ts', '--agent', 'ben')).code).toBe(1);
    expect(await result('refresh', 'a.ts', '--lock', '--agent', 'ana')).toMatchObject({ acquired: true });
    expect(await result('locks', '--owner', 'ana')).toMatchObject([{ file_path: 'a.ts' }]);
    expect(await result('unlock', 'a.ts', '--agent', 'operator', '--force')).toMatchObject({ file_path: 'a.ts' });
  });

  it('task, child task, complete with its parent, tasks', async () => {
    const { id: parent } = (await result('task', 'all', '--agent', 'ana', '--thread-id', 'w')) as { id: number };
    const child = ['task', 'part', '--agent', 'ana', '--thread-id', 'w', '--parent-id', String(parent)];
    const { id } = (await result(...child)) as { id: number };
    expect(await result('tasks', '--parent-id', String(parent), '--status', 'open')).toMatchObject([{ task_id: id }]);
    expect(await result('complete', String(id), '--agent', 'ben')).toMatchObject({
      task: { status: 'done' },
      parent_completed: true,
    });
    expect(await result('tasks', '--thread-id', 'w', '--status', 'open')).toEqual([]);
    expect((await run('complete', '999999')).stdout).toBe('arc error: task not found\n');
  });

  it('call waits for the reply', async () => {
    const call = run('call', 'how many?', '--agent', 'asker', '--to', 'sage', '--timeout', '20');
    const [request] = await until(async () => {
      const inbox = (await result('inbox', '--agent', 'sage')) as { id: number }[];
      return inbox.length > 0 && inbox;
    });
    expect(await result('reply', String(request?.id), '42', '--agent', 'sage')).toMatchObject({
      kind: 'task_result',
      reply_to: request?.id,
      to_agent: 'asker',
    });
    expect(json(await call)).toMatchObject({ body: '42', from_agent: 'sage' });
  });

  it('call fails when nobody answers, or nobody is named', async () => {
    const late = await run('call', 'hello?', '--agent', 'asker', '--to', 'nobody', '--timeout', '0.2');
    expect(late).toMatchObject({ code: 1, stdout: expect.stringMatching(/^arc error: .*timed out/) });
    expect((await run('call', 'hello?', '--agent', 'asker')).code).toBe(2);
  });
});

describe('op', () => {
  it('runs any operation, as the agent named', async () => {
    expect(await result('op', 'hub.info')).toMatchObject({ instance_id: hub.instance_id });
    const { id } = (await result('op', 'messages.post', '{"body":"x"}', '--agent', 'ana')) as { id: number };
    expect(await result('op', 'messages.get', JSON.stringify({ id }))).toMatchObject({ from_agent: 'ana', body: 'x' });
  });

  it('lists them without a name', async () => {
    expect(await result('op')).toContainEqual(expect.objectContaining({ name: 'rpc.call', kind: 'wait' }));
  });

  it.each([
    [['op', 'no.such'], 1, 'unknown operation: no.such'],
    [['op', 'events.subscribe'], 1, 'arc watch'],
    [['op', 'messages.post', '{}', '--agent', 'a'], 1, 'body or attachments is required'],
    [['op', 'channels.list', '{'], 2, "invalid for argument 'params'"],
    [['op', 'channels.list', '[]'], 2, 'It must be a JSON object'],
  ])('%j: exit %i', async (words, code, text) => {
    const outcome = await run(...words);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(text);
  });
});

describe('watch', () => {
  it('follows messages and changes, one object a line, and ends with 0 on Ctrl+C', async () => {
    const child = start(['watch', '--since-id', '0', '--base-url', hub.url]);
    let lines: Record<string, unknown>[] = [];
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      lines = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until(() => lines.length > 0, { what: 'the replay' });
    await result('post', 'secret', '--agent', 'ana', '--to', 'ben');
    await result('claim', 'watched', '--agent', 'ana');
    await until(() => lines.some(({ body }) => body === 'secret'));
    await until(() => lines.some(({ topic, change }) => topic === 'claim' && change === 'acquired'));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const ids = lines.flatMap(({ id }) => (typeof id === 'number' ? [id] : []));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('shows an agent what it may see, and does not become it', async () => {
    const child = start(['watch', '--agent', 'quiet-one', '--messages-only', '--since-id', '0', '--base-url', hub.url]);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await result('post', 'everybody', '--agent', 'ana');
    await until(() => text.includes('everybody'));
    expect(text).not.toContain('secret');
    expect(text).not.toContain('"topic"');
    expect(await result('agents')).not.toContainEqual(expect.objectContaining({ agent_id: 'quiet-one' }));
    child.kill('SIGKILL');
  });
});

describe('status and shutdown', () => {
  it('status describes the hub', async () => {
    expect(await result('status')).toMatchObject({
      running: true,
      url: hub.url,
      hub: { storage_path: hub.ready.storage_path },
      stats: { messages: expect.any(Number) },
      shutdown: null,
    });
  });

  it('status without one: exit 1', async () => {
    const outcome = await arc(['status', '--port', '1']);
    expect(outcome.code).toBe(1);
    expect(json(outcome)).toEqual({ running: false, url: 'http://127.0.0.1:1', error: 'no running hub found' });
  });

  it('shutdown is armed, cancelled, and carried out', async () => {
    await using other = await startHub();
    const at = ['--base-url', other.url];
    const armed = await arc(['shutdown', '--delay-sec', '100', ...at]);
    expect(json(armed)).toMatchObject({ status: 'shutdown_initiated', delay_sec: 100 });
    expect((await arc(['shutdown', ...at])).stdout).toBe('arc error: shutdown already pending\n');
    expect(json(await arc(['shutdown', '--cancel', ...at]))).toEqual({ status: 'shutdown_cancelled' });
    expect(json(await arc(['shutdown', '--delay-sec', '0', ...at]))).toEqual({ status: 'shutdown_initiated' });
    await until(() => !other.isRunning);
  });
});
