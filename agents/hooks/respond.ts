/** What a hook does at each moment of a harness's session, and how the harness is answered. */

import type { HubClient } from '../../client/index.js';
import { HubError } from '../../protocol/index.js';
import { holdings, recallDigest, requestDigest, unreadDigest } from '../digest/command-digest.js';
import { onboarding } from '../onboarding.js';
import { HARNESSES, type Harness, type HarnessName, type Moment } from './harness.js';
import { Memory } from './memory.js';

export interface HookFlags {
  budget: number;
  maxHolds: number;
  /** Flags that lead commands to the hub. */
  address: string;
}

interface Call {
  harness: Harness;
  event: string;
  input: Readonly<Record<string, unknown>>;
  hub: HubClient;
  memory: Memory;
  flags: HookFlags;
}

/** @param hub a client that is the agent; it does not sign in or out by itself */
export async function respond(
  name: HarnessName,
  input: Readonly<Record<string, unknown>>,
  hub: HubClient,
  flags: HookFlags,
): Promise<object> {
  const harness = HARNESSES[name];
  const event = String(input.hook_event_name ?? '');
  const moment = harness.events[event];
  if (moment === undefined) return {};
  const session = String(input.session_id ?? input.conversation_id ?? '');
  const memory = new Memory(name, hub.agentId ?? '', session);
  return (await MOMENTS[moment]({ harness, event, input, hub, memory, flags })) ?? {};
}

const MOMENTS: Readonly<Record<Moment, (call: Call) => Promise<object | undefined>>> = {
  async start(call) {
    await signIn(call);
    const { harness, event, input, hub, flags } = call;
    const told = harness.hasForgotten?.(input) === true ? await recall(call) : await unread(call);
    const parts = [onboarding(hub.agentId ?? '', flags.address), told];
    return harness.context(event, parts.filter((part) => part !== '').join('\n\n'));
  },

  async prompt(call) {
    call.memory.change({ holds: 0 });
    return news(call);
  },

  tool: news,

  async compact({ memory }) {
    memory.change({ forgotten: true });
    return undefined;
  },

  async stop({ harness, input, hub, memory, flags }) {
    if (harness.isDone?.(input) === false) return undefined;
    const held = harness.heldBefore?.(input) ?? memory.read().holds ?? 0;
    const { text, requests } = await requestDigest(hub, flags);
    if (requests === 0 || held >= flags.maxHolds) {
      memory.change({ holds: 0 });
      return undefined;
    }
    memory.change({ holds: held + 1 });
    return harness.hold(`Another agent waits for your answer. Give it, or say why you cannot.\n${text}`);
  },

  async end({ hub, memory }) {
    await hub.bootstrap();
    const [heir] = memory.others(hub.transport.instanceId);
    // Another session of this name goes on: what they hold, they hold together.
    if (heir !== undefined) {
      memory.bequeath(heir);
      return undefined;
    }
    await giveBack(hub);
    const { session_id } = memory.read();
    // Somebody else's session of the same name is theirs to close.
    if (session_id !== undefined) await hub.operation('sessions.close', { session_id }).catch(() => undefined);
    memory.forget();
    return undefined;
  },
};

async function news(call: Call): Promise<object | undefined> {
  const { harness, event, memory } = call;
  const text = memory.read().forgotten === true ? await recall(call) : await unread(call);
  return text === '' ? undefined : harness.context(event, text);
}

const unread = async ({ hub, flags }: Call) => (await unreadDigest(hub, { ...flags, ack: true })).text;

/** What a model knew before it was compacted, and what it holds. */
async function recall({ hub, memory, flags }: Call): Promise<string> {
  const held = await holdings(hub);
  const { text } = await recallDigest(hub, flags);
  memory.change({ forgotten: false });
  return [held, text].filter((part) => part !== '').join('\n');
}

async function signIn({ harness, hub, memory }: Call): Promise<void> {
  const { session } = await hub.bootstrap();
  memory.change({ instance_id: hub.transport.instanceId });
  if (session !== null) return;
  try {
    const { session_id } = await hub.register({ replace: false, metadata: { via: 'hook', host: harness.title } });
    memory.change({ session_id });
  } catch (cause) {
    if (!(cause instanceof HubError && cause.code === 'conflict')) throw cause;
  }
}

async function giveBack(hub: HubClient): Promise<void> {
  const [claims, locks] = await Promise.all([
    hub.claims({ active_only: true }),
    hub.locks({ active_only: true, agent_id: hub.agentId }),
  ]);
  const own = claims.filter(({ owner_agent_id }) => owner_agent_id === hub.agentId);
  // What has ended meanwhile needs no giving back.
  await Promise.allSettled([
    ...own.map(({ claim_key }) => hub.release(claim_key)),
    ...locks.map(({ file_path }) => hub.unlock(file_path)),
  ]);
}
