/** The six tools that every Arc adapter has (arc-v1 §10.3). */
import { z } from 'zod';
import { DIRECT_CHANNEL, MESSAGE_KINDS, type PostResult } from '../../protocol/index.js';
import { type ObjectSchema, type Tool, terse, tool } from './tool.js';

const text = { type: 'string' };
const id = { type: 'integer' };
const message: ObjectSchema = {
  type: 'object',
  properties: {
    id,
    from_agent: text,
    body: text,
    kind: text,
    channel: text,
    to_agent: text,
    reply_to: id,
    thread_id: text,
  },
  required: ['id', 'from_agent', 'body'],
};
const posted: ObjectSchema = { type: 'object', properties: { id, channel: text }, required: ['id'] };
const listOf = (name: string, items: object): ObjectSchema => ({
  type: 'object',
  properties: { [name]: { type: 'array', items } },
  required: [name],
});

export const talkTools: readonly Tool[] = [
  tool({
    name: 'arc_post_message',
    description: 'Post to a channel. With to_agent, only that agent sees it.',
    input: z.object({
      channel: z.string(),
      body: z.string(),
      kind: z.enum(MESSAGE_KINDS).default('chat'),
      thread_id: z.string().optional(),
      to_agent: z.string().optional(),
      reply_to: z
        .number()
        .optional()
        .describe('Id of the message answered; with kind task_result it settles a request'),
    }),
    output: posted,
    async run({ channel, body, ...options }, { hub, signal }) {
      return postedAnswer(await hub.post(channel, body, { ...options, signal }));
    },
  }),
  tool({
    name: 'arc_poll_messages',
    description: 'New messages since the last poll; waits up to timeout seconds for the first.',
    input: z.object({
      channel: z.string().optional(),
      timeout: z.number().default(5),
      thread_id: z.string().optional(),
    }),
    output: listOf('messages', message),
    annotations: { readOnlyHint: true },
    waitSec: ({ timeout }) => timeout,
    async run(input, { hub, signal }) {
      const messages = await hub.poll({ ...input, signal });
      return { value: messages, structured: { messages: messages.map(terse) } };
    },
  }),
  tool({
    name: 'arc_dm',
    description: 'Send a direct message that only to_agent sees.',
    input: z.object({ to_agent: z.string(), body: z.string() }),
    output: posted,
    async run({ to_agent, body }, { hub, signal }) {
      return postedAnswer(await hub.dm(to_agent, body, { signal }));
    },
  }),
  tool({
    name: 'arc_list_agents',
    description: 'Who is here now.',
    input: z.object({}),
    output: listOf('agents', {
      type: 'object',
      properties: { agent_id: text, display_name: text, capabilities: { type: 'array', items: text } },
      required: ['agent_id'],
    }),
    annotations: { readOnlyHint: true },
    async run(_input, { hub, signal }) {
      const agents = await hub.agents({ as: hub.agentId, signal });
      const short = agents.map(({ agent_id, display_name, capabilities }) =>
        terse({ agent_id, display_name: display_name === agent_id ? null : display_name, capabilities }),
      );
      return { value: agents, structured: { agents: short } };
    },
  }),
  tool({
    name: 'arc_create_channel',
    description: 'Create a channel, or get the one that exists.',
    input: z.object({ name: z.string() }),
    output: { type: 'object', properties: { name: text, created_by: text }, required: ['name'] },
    annotations: { idempotentHint: true },
    async run({ name }, { hub, signal }) {
      const channel = await hub.createChannel(name, { signal });
      return { value: channel, structured: terse(channel) };
    },
  }),
  tool({
    name: 'arc_rpc_call',
    description: 'Ask an agent to do something and wait up to timeout seconds (600 at most) for its result.',
    input: z.object({ to_agent: z.string(), body: z.string(), timeout: z.number().default(30) }),
    output: message,
    waitSec: ({ timeout }) => timeout,
    async run({ to_agent, body, timeout }, { hub, signal }) {
      const result = await hub.call(to_agent, body, { channel: DIRECT_CHANNEL, timeout_sec: timeout, signal });
      return { value: result, structured: terse(result) };
    },
  }),
];

function postedAnswer({ deduplicated: _, ...stored }: PostResult) {
  const { id, channel, to_agent, thread_id } = stored;
  return { value: stored, structured: terse({ id, channel, to_agent, thread_id }) };
}
