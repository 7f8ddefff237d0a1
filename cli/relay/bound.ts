/** A folder of the relay that speaks only for its own agent. */
import { DEFAULT_LIMITS, HubError, matchRest, splitTarget } from '../../protocol/index.js';
import type { Execute, RelayCall } from '../../relay/execution.js';
import { agentFolder, refusal } from '../../relay/spool.js';
import { authorize } from '../../server/access/authorize.js';
import { type Caller, type NameSet, speakingFor } from '../../server/access/caller.js';
import { parseBody } from '../../server/doors/rest/body.js';
import { Routes } from '../../server/doors/rest/routes.js';

/** The names of one folder: agents whose ids differ in what no file name holds share it. */
const namesOf = ({ folder, agent_id }: Pick<RelayCall, 'folder' | 'agent_id'>): NameSet => ({
  has: (name) => agentFolder(name) === folder,
  only: agentFolder(agent_id) === folder ? agent_id : folder,
});

export const folderCaller = (call: Pick<RelayCall, 'folder' | 'agent_id'>): Caller =>
  speakingFor('relay', namesOf(call));

const routes = new Routes(DEFAULT_LIMITS);

/** In front of a hub elsewhere, which does not know the folders: what its caller may do is decided here, by the same rules. */
export function boundTo(execute: Execute): Execute {
  return async (call) => {
    try {
      return await execute({ ...call, path: await admitted(execute, call) });
    } catch (cause) {
      const { status, code, message, details } = HubError.from(cause);
      if (code === 'internal') throw cause;
      return { ...refusal(status, code, message), details };
    }
  };
}

/** @returns the path to ask for, in which the folder's agent is named where nobody was */
async function admitted(execute: Execute, call: RelayCall): Promise<string> {
  const names = namesOf(call);
  const { path, query } = splitTarget(call.path);
  const route = matchRest(call.method, path);
  if (route === undefined) throw new HubError('not_found', 'not found');
  const asked = new URLSearchParams(query);
  const fields = routes.fieldsOf(
    route,
    asked,
    call.body === undefined ? {} : parseBody(call.body, DEFAULT_LIMITS.max_json_depth),
    undefined,
  );
  const { actor = [], rest, session } = route.operation;
  // Which names are guarded is the business of the hub behind it.
  authorize(folderCaller(call), route.operation, fields, { guards: () => false });
  for (const field of actor) {
    // Hubs differ in which of several they take.
    if (asked.getAll(field).length > 1) throw new HubError('bad_request', `${field} must be given once`);
  }
  if (session === 'closes') await mustOwn(execute, call, names, fields.session_id);
  const missing = rest?.method === 'GET' ? actor.filter((field) => fields[field] === undefined) : [];
  if (missing.length === 0) return call.path;
  const own = missing.map((field) => `${field}=${encodeURIComponent(names.only ?? '')}`);
  return `${path}?${[...own, query].filter((part) => part !== '').join('&')}`;
}

/** A session has an id that everybody is told, so the hub is asked whose it is. */
async function mustOwn(execute: Execute, call: RelayCall, names: NameSet, sessionId: unknown): Promise<void> {
  const list = { ...call, method: 'GET', path: '/v1/agents', body: undefined, idempotency_key: undefined };
  const { ok, body = '' } = await execute(list);
  const sessions = ok ? (JSON.parse(body).result as { agent_id: string; session_id: string }[]) : undefined;
  const owner = sessions?.find(({ session_id }) => session_id === sessionId)?.agent_id;
  if (sessions === undefined || (owner !== undefined && !names.has(owner))) {
    throw new HubError('forbidden', 'session_id is not of a name that the caller may act as');
  }
}
