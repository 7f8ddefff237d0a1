/** Exchanges with each harness, in the forms that its public documentation gives for input and output. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HarnessName } from '../../agents/hooks/harness.js';
import { respond } from '../../agents/hooks/respond.js';
import { HubClient } from '../../client/index.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { run } from './run.js';

interface Recorded {
  harness: HarnessName;
  /** What every event of one session says. */
  base: Record<string, unknown>;
  start: Record<string, unknown>;
  tool: Record<string, unknown>;
  stop: (held: number) => Record<string, unknown>;
  end: Record<string, unknown>;
  /** The text that an answer gives to the model. */
  context: (answer: Answer) => string | undefined;
  held: (answer: Answer) => string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: each harness has its own form; what is expected is said where it is read
type Answer = any;

const session = randomUUID();
const hookSpecific = (event: string) => (answer: Answer) => {
  if (answer.hookSpecificOutput === undefined) return undefined;
  expect(answer).toEqual({ hookSpecificOutput: { hookEventName: event, additionalContext: expect.any(String) } });
  return answer.hookSpecificOutput.additionalContext;
};
const eventOf = (answer: Answer) => answer.hookSpecificOutput?.hookEventName;
const common = { session_id: session, transcript_path: '/tmp/t.jsonl', cwd: '/tmp' };

const HARNESSES: Recorded[] = [
  {
    harness: 'claude-code',
    base: { ...common, permission_mode: 'default' },
    start: { hook_event_name: 'SessionStart', source: 'startup', model: 'some-model' },
    tool: {
      hook_event_name: 'PostToolUse',
      tool_name: 'Write',
      tool_input: { file_path: '/tmp/a', content: 'x' },
      tool_response: { filePath: '/tmp/a', success: true },
      tool_use_id: 'toolu_01',
    },
    stop: (held) => ({ hook_event_name: 'Stop', stop_hook_active: held > 0 }),
    end: { hook_event_name: 'SessionEnd', reason: 'prompt_input_exit' },
    context: (answer) => hookSpecific(eventOf(answer))(answer),
    held: ({ decision, reason }) => (decision === 'block' ? reason : undefined),
  },
  {
    harness: 'codex',
    base: { ...common, transcript_path: null, model: 'some-model', permission_mode: 'default' },
    start: { hook_event_name: 'SessionStart', source: 'startup' },
    tool: {
      hook_event_name: 'PostToolUse',
      turn_id: 't1',
      tool_name: 'Bash',
      tool_input: { command: 'ls' },
      tool_response: 'a',
      tool_use_id: 'call_1',
    },
    stop: (held) => ({
      hook_event_name: 'Stop',
      turn_id: 't1',
      stop_hook_active: held > 0,
      last_assistant_message: 'done',
    }),
    end: { hook_event_name: 'SessionEnd', reason: 'other' },
    context: (answer) => hookSpecific(eventOf(answer))(answer),
    held: ({ decision, reason }) => (decision === 'block' ? reason : undefined),
  },
  {
    harness: 'cursor',
    base: {
      conversation_id: session,
      generation_id: 'g1',
      model: 'some-model',
      cursor_version: '3.0.0',
      workspace_roots: ['/tmp'],
      user_email: null,
      transcript_path: null,
    },
    start: { hook_event_name: 'sessionStart', session_id: session, is_background_agent: false, composer_mode: 'agent' },
    tool: {
      hook_event_name: 'postToolUse',
      tool_name: 'Shell',
      tool_input: { command: 'ls' },
      tool_output: '{}',
      tool_use_id: 'x',
      cwd: '/tmp',
      duration: 5,
    },
    stop: (held) => ({ hook_event_name: 'stop', status: 'completed', loop_count: held }),
    end: { hook_event_name: 'sessionEnd', session_id: session, reason: 'completed', duration_ms: 5 },
    context: ({ additional_context }) => additional_context,
    held: ({ followup_message }) => followup_message,
  },
  {
    harness: 'gemini',
    base: { ...common, timestamp: '2026-01-02T03:04:05Z' },
    start: { hook_event_name: 'SessionStart', source: 'startup' },
    tool: {
      hook_event_name: 'AfterTool',
      tool_name: 'read_file',
      tool_input: { path: 'a' },
      tool_response: { llmContent: 'a', returnDisplay: 'a' },
    },
    stop: (held) => ({
      hook_event_name: 'AfterAgent',
      prompt: 'p',
      prompt_response: 'r',
      stop_hook_active: held > 0,
    }),
    end: { hook_event_name: 'SessionEnd', reason: 'exit' },
    context: (answer) => hookSpecific(eventOf(answer))(answer),
    held: ({ decision, reason }) => (decision === 'deny' ? reason : undefined),
  },
];

let hub: HubProcess;
let ben: HubClient;
beforeAll(async () => {
  hub = await startHub();
  ben = await HubClient.connect('ben', { baseUrl: hub.url });
});
afterAll(async () => {
  await ben.close();
  await hub[Symbol.asyncDispose]();
});

const flags = { budget: 600, maxHolds: 2, address: '' };

/** The answer of the hook in this process, which costs a hundredth of the command's. */
const hook = async (harness: Recorded['harness'], agent: string, input: Record<string, unknown>): Promise<Answer> => {
  const client = HubClient.overHttp(agent, { baseUrl: hub.url });
  return respond(harness, input, client, flags);
};

const command = async (harness: string, agent: string, input: unknown, url = hub.url): Promise<Answer> => {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  const { code, stdout } = await run(['hook', harness, '--agent', agent, '--base-url', url], { input: text });
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

describe.each(HARNESSES)('$harness', (recorded) => {
  const { harness, base, start, tool, stop, end, context, held } = recorded;
  const agent = `${harness} ana`;
  const call = (event: Record<string, unknown>) => hook(harness, agent, { ...base, ...event });
  const isLive = async () => (await ben.agents()).some(({ agent_id }) => agent_id === agent);

  it('signs in, tells of news, holds while a request is unanswered, and leaves', async () => {
    await ben.dm(agent, 'before you came');
    const begun = context(await call(start));
    expect(begun).toContain(`You are the agent "${agent}"`);
    expect(begun).toContain('before you came');
    expect(await isLive()).toBe(true);

    await ben.post('general', 'main is red');
    expect(context(await call(tool))).toContain('#general ben: main is red');
    expect(await call(tool)).toEqual({});

    const request = await ben.dm(agent, 'why is it red?', { kind: 'task_request' });
    const reason = held(await call(stop(0)));
    expect(reason).toContain(
      `[${request.id}] ben (REQUEST, direct, answer with arc reply ${request.id} "…" --agent '${agent}'): why`,
    );
    expect(reason).toContain(`arc reply ${request.id}`);
    expect(held(await call(stop(1)))).toContain('why is it red?');
    expect(await call(stop(2))).toEqual({});
    await ben.post('direct', 'never mind', { kind: 'task_result', reply_to: request.id });
    expect(await call(stop(0))).toEqual({});

    const self = HubClient.overHttp(agent, { baseUrl: hub.url });
    await self.claim(`${agent} key`);
    await self.lock(`${agent} file`);
    expect(await call(end)).toEqual({});
    expect(await isLive()).toBe(false);
    expect((await self.claims({ active_only: true })).filter(({ owner_agent_id }) => owner_agent_id === agent)).toEqual(
      [],
    );
    expect(await self.locks({ active_only: true, agent_id: agent })).toEqual([]);
    await self.close();
  });
});

it('lets a turn of Cursor rest that a person stopped', async () => {
  await ben.dm('stopped', 'why?', { kind: 'task_request' });
  const stop = { hook_event_name: 'stop', conversation_id: session, loop_count: 0 };
  expect(await hook('cursor', 'stopped', { ...stop, status: 'aborted' })).toEqual({});
  expect(await hook('cursor', 'stopped', { ...stop, status: 'error' })).toEqual({});
  expect(await hook('cursor', 'stopped', { ...stop, status: 'completed' })).toHaveProperty('followup_message');
});

it('is a command that reads JSON and prints JSON', async () => {
  const request = await ben.dm('carl', 'psst', { kind: 'task_request' });
  const start = { ...common, session_id: 'carl', hook_event_name: 'SessionStart', source: 'startup' };
  const told = hookSpecific('SessionStart')(await command('claude-code', 'carl', start));
  // The model has to find the same hub.
  const who = `--agent carl --base-url ${hub.url}`;
  expect(told).toContain(`arc claim KEY ${who}.`);
  expect(told).toContain(`answer with arc reply ${request.id} "…" ${who}): psst`);
});

it('stays out of the way without a hub, and when it is told nothing that it knows', async () => {
  const stop = { ...common, hook_event_name: 'Stop', stop_hook_active: false };
  expect(await command('claude-code', 'carl', stop, 'http://127.0.0.1:9')).toEqual({});
  expect(await command('gemini', 'carl', 'no JSON')).toEqual({});
  expect(await hook('claude-code', 'carl', { ...common, hook_event_name: 'Other' })).toEqual({});
});

it('leaves the session of another program of the same name alone', async () => {
  await using other = await HubClient.connect('shared', { baseUrl: hub.url, displayName: 'Shared' });
  const input = { ...common, session_id: 'other' };
  await hook('claude-code', 'shared', { ...input, hook_event_name: 'SessionStart', source: 'startup' });
  await hook('claude-code', 'shared', { ...input, hook_event_name: 'SessionEnd', reason: 'other' });
  expect((await other.whoami()).session).toMatchObject({
    session_id: other.session?.session_id,
    display_name: 'Shared',
  });
});

const recorded = (name: HarnessName) => HARNESSES.find(({ harness }) => harness === name) as Recorded;

it.each([
  ['claude-code', [{ hook_event_name: 'SessionStart', source: 'compact' }]],
  ['codex', [{ hook_event_name: 'SessionStart', source: 'resume' }]],
  ['gemini', [{ hook_event_name: 'SessionStart', source: 'clear' }]],
  [
    'gemini',
    [
      { hook_event_name: 'PreCompress', trigger: 'auto' },
      { hook_event_name: 'BeforeAgent', prompt: 'x' },
    ],
  ],
  ['cursor', [{ hook_event_name: 'preCompact' }, { hook_event_name: 'postToolUse', tool_name: 'Read' }]],
] as const)(
  'tells %s again after a compaction what waits, what was said and what it holds',
  async (harness, events) => {
    const { base, start, context } = recorded(harness);
    const agent = `${harness} ${randomUUID()}`;
    const call = (event: Record<string, unknown>) =>
      hook(harness, agent, { ...base, session_id: agent, conversation_id: agent, ...event });
    await call(start);
    const request = await ben.dm(agent, 'why is it red?', { kind: 'task_request' });
    await ben.dm(agent, 'use tabs');
    await ben.dm(agent, 'no, use spaces');
    const read = recorded(harness).tool;
    expect(context(await call(read))).toContain('use tabs');
    const self = HubClient.overHttp(agent, { baseUrl: hub.url });
    const { claim } = await self.claim(`${agent} build`);
    await self.lock(`${agent}.ts`);

    let told: string | undefined;
    for (const event of events) told = context(await call(event)) ?? told;
    expect(told).toContain(`claim ${JSON.stringify(`${agent} build`)} until ${claim.expires_at}`);
    expect(told).toContain(`lock on ${JSON.stringify(`${agent}.ts`)} until `);
    const order = [`[${request.id}] ben (REQUEST`, 'no, use spaces', 'use tabs'].map((text) =>
      (told ?? '').indexOf(text),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
    // Told once: what it says next is what is new.
    expect(await call(read)).toEqual({});
    await call(recorded(harness).end);
    await self.close();
  },
);

it('gives leases back and leaves only when the last session of a name ends', async () => {
  const agent = `twice ${randomUUID()}`;
  const call = (session_id: string, event: Record<string, unknown>) =>
    hook('claude-code', agent, { ...common, session_id: `${agent} ${session_id}`, ...event });
  const start = { hook_event_name: 'SessionStart', source: 'startup' };
  const end = { hook_event_name: 'SessionEnd', reason: 'other' };
  await call('one', start);
  await call('two', start);
  const self = HubClient.overHttp(agent, { baseUrl: hub.url });
  await self.claim(`${agent} key`);
  const held = async () =>
    (await self.claims({ active_only: true })).filter(({ owner_agent_id }) => owner_agent_id === agent);
  const live = async () => (await ben.agents()).some(({ agent_id }) => agent_id === agent);
  await call('one', end);
  expect([(await held()).length, await live()]).toEqual([1, true]);
  await call('two', end);
  expect([(await held()).length, await live()]).toEqual([0, false]);
  await self.close();
});
