import { NO_BINDING, NO_REST, REST_COERCION, section } from '../harness/rule.js';

export const rules = [
  ...section('arc-v1 §3.2', {
    1: 'a session has session_id (a UUID v4 in lower case), agent_id, display_name, capabilities, metadata, created_at, last_seen, active',
    2: 'display_name is the agent id when absent or blank',
    3: 'agent ids are trimmed and otherwise free: spaces, slashes, letters of any script',
    4: ['capabilities that are no text become text', REST_COERCION],
  }),
  ...section('arc-v1 §4.1', {
    1: 'opening a session answers the new session, active, last seen now',
    2: 'a fresh session of the agent and no replace: 409, agent_id already has an active session',
    3: 'replace ends the old session and opens one with another id',
    4: 'replacing leaves the claims and locks of the agent as they are',
    5: 'a restart of an agent gets another session id',
  }),
  ...section('arc-v1 §4.2', {
    1: 'rename answers the session with the new display name, and agents.list shows it',
    2: 'a display name of 64 code points fits, emoji counting one each; of 65 it does not',
    3: 'the display name is checked before the agent is looked up',
    4: 'an agent without active session: 404, no active session for agent_id',
    5: 'a display name that is blank after trimming is required',
  }),
  ...section('arc-v1 §4.3', {
    1: 'closing answers session_id and deleted: true, and the agent is not live any more',
    2: 'an unknown session, or one that is closed already: 404, session not found',
    3: 'leases of an agent that left stay held',
  }),
  ...section('arc-v1 §4.4', {
    1: 'live agents ascend by agent_id in code-point order',
    2: 'capability keeps sessions that have exactly that text',
    3: 'as touches that agent',
  }),
  ...section('arc-v1 §4.5', {
    1: 'bootstrap gives the agent id, its session, latest_visible_id, live_agents and default_channel',
    2: 'latest_visible_id counts broadcasts and direct messages to the agent, not its own to others',
    3: 'an agent that never registered gets session null',
  }),
  ...section('arc-v1 §5.1', {
    1: 'a touch never revives a session that is not active',
    2: 'an agent without session posts and polls all the same, and stays invisible',
  }),
  ...section('websocket §4', {
    1: ['a bound connection is its agent: from_agent, agent_id and owner_agent_id default to it', NO_BINDING],
    2: ['a second sessions.open for another agent on one connection is a conflict', NO_BINDING],
    3: 'an observer, who never signs in, reads and names agents in its parameters',
    4: ['sessions.heartbeat answers whether the agent has an active session', NO_REST],
    5: 'resume keeps a live session with its id and says resumed: true',
    6: 'resume opens a session where none is active and says resumed: false',
  }),
];
