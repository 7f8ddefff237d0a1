import {
  DEFAULT_CHANNEL,
  DIRECT_CHANNEL,
  HubError,
  JsonText,
  type Operations,
  type ParsedOf,
  stringify,
} from '../../protocol/index.js';
import { isVisible, viewerOf } from '../access/visibility.js';
import type { PostMessage } from '../domain/commands/messages.js';
import { encodeMessage, messageJson } from '../domain/encode.js';
import type { Party, Sent } from '../domain/party.js';
import type { MessageRow } from '../domain/rows.js';
import { Answer, type Call, type Context, handle } from './context.js';

/** An unknown channel comes before a wrong number (arc-v1 §2.6), but not before a channel that is no text. */
async function channelFirst({ hub }: Context, raw: Readonly<Record<string, unknown>>, failed: string): Promise<void> {
  if (NAMING.has(failed)) return;
  if (typeof raw.channel === 'string' && raw.channel !== '') await hub.requireChannel(raw.channel);
}
const NAMING = new Set(['agent_id', 'channel', '']);

/**
 * A post as the store's command takes it.
 *
 * @param of whoever posts it, where that is not anybody
 */
export function postOf(input: ParsedOf<Operations['messages.post']>, of: Party | undefined): PostMessage {
  const { from_agent, to_agent } = input;
  return {
    parent_task_id: input.parent_task_id ?? null,
    from_agent,
    to_agent: to_agent ?? null,
    channel: input.channel ?? (to_agent === undefined ? DEFAULT_CHANNEL : DIRECT_CHANNEL),
    kind: input.kind,
    body: input.body,
    attachments_json: input.attachments === undefined ? '[]' : stringify(input.attachments),
    reply_to: input.reply_to ?? null,
    thread_id: input.thread_id ?? null,
    metadata_json: input.metadata === undefined ? '{}' : stringify(input.metadata),
    require_channel: false,
    of,
  };
}

export const messageOperations = [
  handle(
    'messages.post',
    async ({ hub, key, party }, input) => {
      const written = hub.write('post', postOf(input, party()), key(input.from_agent));
      const { outcome, replayed } = await written;
      const json = messageJson(outcome.message);
      const result = new JsonText(`${json.slice(0, -1)},"deduplicated":${replayed}}`);
      const envelope = { result: new JsonText(json), deduplicated: replayed };
      return new Answer(result, replayed ? 200 : 201, envelope);
    },
    // The parent is looked up before anything else is checked (arc-v1 §4.8).
    async ({ hub }, raw, failed) => {
      if (failed === 'parent_task_id' || typeof raw.parent_task_id !== 'number') return;
      if (!(await hub.store.taskExists(raw.parent_task_id))) {
        throw new HubError('bad_request', 'parent_task_id references unknown task');
      }
    },
  ),

  handle('messages.get', async ({ hub, call }, { id, agent_id }) => {
    const row = await hub.store.message(id);
    const found = row !== undefined && isVisible(call.caller, row) && isFor(agent_id ?? call.agent_id, row);
    if (!found) throw new HubError('not_found', 'message not found');
    return encodeMessage(row);
  }),

  handle(
    'messages.list',
    async ({ hub, call }, { channel, thread_id, since_id, limit, timeout, tail, before_id }) => {
      if (channel !== undefined) await hub.requireChannel(channel);
      const page = { channel, channels: channelsOf(call), thread_id, since_id, limit, tail, before_id };
      return hub.messages(page, timeout, call.signal, call.agent_id);
    },
    channelFirst,
  ),

  handle(
    'events.list',
    async (
      { hub, call },
      { agent_id, channel, thread_id, since_id, limit, timeout, tail, before_id, exclude_self },
    ) => {
      if (channel !== undefined) await hub.requireChannel(channel);
      const exclude_from = exclude_self ? agent_id : undefined;
      const where = { channel, channels: channelsOf(call), thread_id, exclude_from };
      const viewer = viewerOf(call.caller, agent_id);
      const page = { viewer, ...where, since_id, limit, tail, before_id };
      return hub.messages(page, timeout, call.signal, viewer);
    },
    channelFirst,
  ),

  handle('inbox.list', async ({ hub, call }, { agent_id, since_id, limit, timeout, tail, before_id }) => {
    return hub.messages({ inbox_of: agent_id, since_id, limit, tail, before_id }, timeout, call.signal, agent_id);
  }),

  handle('rpc.call', async ({ hub, call, key, party }, input) => {
    const { from_agent, channel, capability, timeout_sec } = input;
    const writeKey = key(from_agent);
    const pick = async () => {
      // A repeat is answered from its key: whoever was picked may be gone.
      const repeats = writeKey !== undefined && (await hub.store.knows(writeKey));
      return repeats ? '' : hub.pickCapable(capability ?? '');
    };
    const to_agent = input.to_agent ?? (await pick());
    const request: PostMessage = {
      of: party(),
      parent_task_id: null,
      from_agent,
      to_agent,
      channel,
      kind: 'task_request',
      body: input.body,
      attachments_json: stringify(input.attachments ?? []),
      reply_to: null,
      thread_id: input.thread_id ?? null,
      metadata_json: stringify(input.metadata ?? {}),
      require_channel: true,
    };
    const { caller, signal, effected } = call;
    const sees = (sent: Sent) => isVisible(caller, sent);
    return hub.call(request, { timeout_sec, signal, key: writeKey, posted: effected, sees });
  }),
];

/** Those that exist for the caller, where those are not all. */
const channelsOf = ({ caller }: Call) => caller.channels && [...caller.channels];

/** Who names an agent sees what that agent may see; a direct message is for its two parties. */
function isFor(agentId: string | undefined, { to_agent, from_agent }: MessageRow): boolean {
  return to_agent === null || agentId === undefined || to_agent === agentId || from_agent === agentId;
}
