import { setTimeout as sleep } from 'node:timers/promises';
import { HubClient } from '../../client/index.js';
import type { Message } from '../../protocol/index.js';
import { CHATTER, type Refs, type Role, SCRIPT, type Step, TEAM } from './script.js';

export interface PlayOptions {
  readonly signal: AbortSignal;
  /** To whom requests go (default `operator`). */
  readonly operator?: string;
  /** Makes no pauses, and ends with the script (default: as people work, until `signal`). */
  readonly atOnce?: boolean;
}

/** Plays the script on the hub at `baseUrl`. Ends quietly when `signal` is aborted, or the hub is gone. */
export async function playDemo(baseUrl: string, options: PlayOptions): Promise<void> {
  const { signal, operator = 'operator', atOnce = false } = options;
  const hubs = new Map<Role, HubClient>();
  const refs: Refs = new Map();
  try {
    for (const [role, member] of Object.entries(TEAM)) {
      const { agent_id, display_name, capabilities } = member;
      const hub = await HubClient.connect(agent_id, { baseUrl, displayName: display_name, capabilities, signal });
      hubs.set(role as Role, hub);
      if (!atOnce) converse(hub);
    }
    const play = async ({ by, afterMs, act }: Step) => {
      if (!atOnce) await sleep(afterMs, undefined, { signal });
      const hub = hubs.get(by);
      if (hub !== undefined) await act(hub, refs, operator);
    };
    for (const step of SCRIPT) await play(step);
    while (!atOnce) for (const step of CHATTER) await play(step);
  } catch (cause) {
    // The curtain fell; anything else is a fault of the script, and tests play it whole.
    if (!signal.aborted && hubs.values().next().value?.state === 'open') throw cause;
  } finally {
    if (!atOnce) await Promise.all([...hubs.values()].map((hub) => hub.close()));
  }
}

/** The agents answer whoever writes to them, so that a newcomer can try it. */
function converse(hub: HubClient): void {
  const team = new Set<string>(Object.values(TEAM).map(({ agent_id }) => agent_id));
  hub.subscribe({
    exclude_self: true,
    onMessage: (message: Message) => {
      const { to_agent, from_agent, kind, id, thread_id } = message;
      if (to_agent !== hub.agentId || team.has(from_agent)) return;
      const body = ANSWERS[kind] ?? 'Thank you. I am at it, and will say so in the thread when it is done.';
      const options = {
        reply_to: id,
        ...(thread_id !== null && { thread_id }),
        ...(kind === 'task_request' && { kind: 'task_result' as const }),
      };
      // Whoever leaves in between gets no answer.
      hub.dm(from_agent, body, options).catch(() => undefined);
    },
  });
}

const ANSWERS: Readonly<Record<string, string>> = {
  task_request: 'Done. All tests pass on my side.',
  task_result: 'Thank you, that is what I needed.',
};
