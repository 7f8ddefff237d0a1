/**
 * Where REST has each operation, written down from the contract and not read from the code under test (arc-v1 §4,
 * websocket §3). `actor` is the field that names who acts.
 */
export interface RouteRow {
  readonly rest?: readonly [method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string];
  readonly actor?: string;
}

export const ROUTES: Readonly<Record<string, RouteRow>> = {
  'sessions.open': { rest: ['POST', '/v1/sessions'], actor: 'agent_id' },
  'sessions.rename': { rest: ['POST', '/v1/sessions/{agent_id}/rename'], actor: 'agent_id' },
  'sessions.close': { rest: ['DELETE', '/v1/sessions/{session_id}'] },
  'sessions.heartbeat': { actor: 'agent_id' },
  'agents.list': { rest: ['GET', '/v1/agents'] },
  bootstrap: { rest: ['GET', '/v1/bootstrap'], actor: 'agent_id' },
  'hub.info': { rest: ['GET', '/v1/hub-info'] },
  'hub.stats': { rest: ['GET', '/v1/stats'] },
  'channels.list': { rest: ['GET', '/v1/channels'] },
  'channels.create': { rest: ['POST', '/v1/channels'], actor: 'created_by' },
  'messages.post': { rest: ['POST', '/v1/messages'], actor: 'from_agent' },
  'messages.get': { rest: ['GET', '/v1/messages/{id}'], actor: 'agent_id' },
  'messages.list': { rest: ['GET', '/v1/messages'] },
  'events.list': { rest: ['GET', '/v1/events'], actor: 'agent_id' },
  'inbox.list': { rest: ['GET', '/v1/inbox/{agent_id}'], actor: 'agent_id' },
  'events.stream': { rest: ['GET', '/v1/stream'], actor: 'agent_id' },
  'events.subscribe': { actor: 'agent_id' },
  'events.unsubscribe': {},
  'events.ack': { rest: ['PUT', '/v1/cursors/{agent_id}'], actor: 'agent_id' },
  'events.cursor': { rest: ['GET', '/v1/cursors/{agent_id}'], actor: 'agent_id' },
  'threads.list': { rest: ['GET', '/v1/threads'] },
  'threads.get': { rest: ['GET', '/v1/threads/{thread_id}'] },
  'claims.acquire': { rest: ['POST', '/v1/claims'], actor: 'owner_agent_id' },
  'claims.refresh': { rest: ['POST', '/v1/claims/refresh'], actor: 'owner_agent_id' },
  'claims.release': { rest: ['POST', '/v1/claims/release'], actor: 'agent_id' },
  'claims.list': { rest: ['GET', '/v1/claims'] },
  'locks.acquire': { rest: ['POST', '/v1/locks'], actor: 'agent_id' },
  'locks.refresh': { rest: ['POST', '/v1/locks/refresh'], actor: 'agent_id' },
  'locks.release': { rest: ['POST', '/v1/locks/release'], actor: 'agent_id' },
  'locks.list': { rest: ['GET', '/v1/locks'] },
  'tasks.list': { rest: ['GET', '/v1/tasks'] },
  'tasks.complete': { rest: ['POST', '/v1/tasks/{task_id}/complete'], actor: 'agent_id' },
  'rpc.call': { rest: ['POST', '/v1/rpc'], actor: 'from_agent' },
  'hub.shutdown.get': { rest: ['GET', '/v1/shutdown'] },
  'hub.shutdown.start': { rest: ['POST', '/v1/shutdown'] },
  'hub.shutdown.cancel': { rest: ['POST', '/v1/shutdown/cancel'] },
  'hub.network': { rest: ['POST', '/v1/network'] },
  'tokens.whoami': { rest: ['GET', '/v1/whoami'] },
  'tokens.issue': { rest: ['POST', '/v1/tokens'] },
  'tokens.list': { rest: ['GET', '/v1/tokens'] },
  'tokens.rotate': { rest: ['POST', '/v1/tokens/{id}/rotate'] },
  'tokens.revoke': { rest: ['POST', '/v1/tokens/{id}/revoke'] },
  'audit.list': { rest: ['GET', '/v1/audit'] },
};
