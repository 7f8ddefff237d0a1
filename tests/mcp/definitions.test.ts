import { encode } from 'gpt-tokenizer';
import { expect, it } from 'vitest';
import { TOOLS } from '../../agents/mcp/tools.js';

const tokens = (value: unknown) => encode(JSON.stringify(value)).length;
const tools = [...TOOLS.values()];

// Every model that has the tools pays for their definitions in every turn.
it('names, descriptions and input schemas cost under 1,000 tokens together', () => {
  const definitions = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  expect(tokens(definitions)).toBeLessThan(1_000);
});

it('output schemas cost under 700 tokens together', () => {
  expect(tokens(tools.map(({ outputSchema }) => outputSchema))).toBeLessThan(700);
});

it('has the six tools of Arc with their inputs, and two of its own (arc-v1 §10.3)', () => {
  const inputs = Object.fromEntries(
    tools.map(({ name, inputSchema }) => [name, [inputSchema.properties ?? {}, inputSchema.required ?? []] as const]),
  );
  expect(Object.keys(inputs)).toEqual([
    'arc_post_message',
    'arc_poll_messages',
    'arc_dm',
    'arc_list_agents',
    'arc_create_channel',
    'arc_rpc_call',
    'arc_inbox',
    'arc_coordinate',
  ]);
  expect(inputs.arc_post_message).toMatchObject([
    {
      channel: { type: 'string' },
      body: { type: 'string' },
      kind: { type: 'string', default: 'chat' },
      thread_id: { type: 'string' },
      to_agent: { type: 'string' },
    },
    ['channel', 'body'],
  ]);
  expect(inputs.arc_poll_messages).toMatchObject([
    { channel: { type: 'string' }, timeout: { type: 'number', default: 5 }, thread_id: { type: 'string' } },
    [],
  ]);
  expect(inputs.arc_dm).toMatchObject([
    { to_agent: { type: 'string' }, body: { type: 'string' } },
    ['to_agent', 'body'],
  ]);
  expect(inputs.arc_list_agents).toEqual([{}, []]);
  expect(inputs.arc_create_channel).toMatchObject([{ name: { type: 'string' } }, ['name']]);
  expect(inputs.arc_rpc_call).toMatchObject([
    { to_agent: { type: 'string' }, body: { type: 'string' }, timeout: { type: 'number', default: 30 } },
    ['to_agent', 'body'],
  ]);
});

it('schemas are plain objects without additionalProperties', () => {
  for (const { inputSchema } of tools) {
    expect(inputSchema.type).toBe('object');
    expect(inputSchema).not.toHaveProperty('additionalProperties');
    expect(inputSchema).not.toHaveProperty('$schema');
  }
});
