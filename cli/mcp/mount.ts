/** `/mcp` of a running hub: the adapter of `arc mcp`, on the hub itself. */
import type { IncomingMessage } from 'node:http';
import type { HttpSessions, Visitor } from '../../agents/mcp/http-sessions.js';
import type { LocalHub } from '../../client/local/local-transport.js';
import { isStrangerTo } from '../../server/access/authorize.js';
import type { RunningHub } from '../../server/main.js';
import { packageVersion } from '../version.js';

export function mountMcp(hub: RunningHub): void {
  let sessions: Promise<HttpSessions> | undefined;
  hub.mount('/mcp', {
    async handle(req, res) {
      // A hub that nobody speaks MCP to does not load the SDK.
      sessions ??= openSessions(hub);
      await (await sessions).handle(req, res);
    },
    close() {
      void sessions?.then((opened) => opened.close());
    },
  });
}

async function openSessions(hub: RunningHub): Promise<HttpSessions> {
  const { HttpSessions } = await import('../../agents/mcp/http-sessions.js');
  const { HubClient } = await import('../../client/index.js');
  const { LocalTransport } = await import('../../client/local/local-transport.js');
  const { instance_id, local } = hub;
  const visitorOf = (req: IncomingMessage): Visitor => {
    const caller = hub.callerOf('mcp', req);
    const { grant, names } = caller;
    const connect: LocalHub['connect'] = (reader) => local.connect(caller, reader);
    return {
      id: grant?.id,
      only: names?.only,
      mayBe: (agentId) => names?.has(agentId) ?? !isStrangerTo(agentId, caller, hub.guards),
      refused: (agentId) => hub.refused(caller, agentId, 'mcp session'),
      ended: grant?.ended,
      openHub: (agentId) => new HubClient(new LocalTransport({ instance_id, connect }), agentId),
    };
  };
  return new HttpSessions({
    visitorOf,
    version: packageVersion(),
    hubAt: hub.url,
  });
}
