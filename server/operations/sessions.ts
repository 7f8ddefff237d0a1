import { stringify } from '../../protocol/index.js';
import { viewerOf } from '../access/visibility.js';
import { encodeSession } from '../domain/encode.js';
import { capabilitiesOf, type Hub } from '../domain/hub.js';
import { Answer, type Call, handle } from './context.js';

export const sessionOperations = [
  handle('sessions.open', async ({ hub, call, key, note }, input) => {
    const { agent_id, replace, resume } = input;
    call.connection?.mayBind(agent_id);
    const { outcome, replayed } = await hub.write(
      'openSession',
      {
        session_id: hub.newSessionId(),
        agent_id,
        display_name: input.display_name || agent_id,
        capabilities_json: stringify(input.capabilities ?? []),
        metadata_json: stringify(input.metadata ?? {}),
        replace,
        resume,
        presence_ttl_sec: hub.settings.presence_ttl_sec,
        seen_ms: hub.presence.lastSeen(agent_id),
      },
      key(agent_id),
    );
    call.connection?.bind(outcome.session);
    if (outcome.replaced !== null && !replayed) await note(agent_id);
    const session = encodeSession(outcome.session);
    const envelope = resume ? { result: session, resumed: outcome.resumed } : { result: session };
    return new Answer({ ...session, resumed: outcome.resumed }, 201, envelope);
  }),

  handle('sessions.rename', async ({ hub, key }, { agent_id, display_name }) => {
    const { outcome } = await hub.write('renameSession', { agent_id, display_name }, key(agent_id));
    return encodeSession(hub.presence.apply(outcome));
  }),

  handle('sessions.close', async ({ hub, call, key, party }, { session_id }) => {
    const own = call.connection?.session_id === session_id;
    await hub.write('closeSession', { session_id, of: party() }, key(call.agent_id ?? ''));
    if (own) call.connection?.unbind();
    return { session_id, deleted: true };
  }),

  handle('sessions.heartbeat', async ({ hub }, { agent_id }) => {
    return { agent_id, active: await hub.isActive(agent_id) };
  }),

  handle('agents.list', async ({ hub, call }, { as, capability }) => {
    // Before the look, so that asking keeps a session that is about to expire (arc-v1 §4.4).
    const who = viewerOf(call.caller, as);
    if (who) hub.presence.touch(who);
    const live = await hub.liveSessions();
    const chosen = capability ? live.filter((row) => capabilitiesOf(row).includes(capability)) : live;
    return chosen.map(encodeSession);
  }),

  handle('bootstrap', async ({ hub, call }, { agent_id }) => {
    const live = await hub.liveSessions();
    const session = await hub.sessionOf(agent_id);
    return {
      agent_id,
      session: session === undefined ? null : encodeSession(session),
      latest_visible_id: await latestVisibleId(hub, call, agent_id),
      live_agents: live.map(encodeSession),
      default_channel: 'general',
    };
  }),
];

async function latestVisibleId(hub: Hub, { caller }: Call, agentId: string): Promise<number> {
  const viewer = viewerOf(caller, agentId);
  if (caller.channels === undefined && viewer !== undefined) return hub.store.latestVisibleId(viewer);
  const channels = caller.channels && [...caller.channels];
  const [latest] = await hub.store.messages({ viewer, channels, since_id: 0, limit: 1, tail: true });
  return latest?.id ?? 0;
}
