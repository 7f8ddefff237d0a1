/** A folder of the relay that speaks only for its own agent. */
import { DEFAULT_LIMITS, HubError, matchRest, splitTarget } from '../../protocol/index.js';
import type { Execute, RelayCall } from '../../relay/execution.js';
import { agentFolder, refusal } from '../../relay/spool.js';
import { authorize, type Guards } from '../../server/access/authorize.js';
import { type Caller, type NameSet, speakingFor } from '../../server/access/caller.js';
import { RESERVED } from '../../server/access/names.js';
import { parseBody } from '../../server/doors/rest/body.js';
import { Routes } from '../../server/doors/rest/routes.js';

type Sender = Pick<RelayCall, 'folder' | 'agent_id'>;

/**
 * The names of one folder. Agents whose ids differ in what no file name holds share it, but whoever has a token shares a
 * name with nobody: its folder is the one that has exactly its name.
 */
function namesOf({ folder, agent_id }: Sender, guarded: Guards): NameSet {
  const has = (name: string) =>
    !RESERVED.includes(name) && (name === folder || (agentFolder(name) === folder && !guarded.guards(name)));
  const only = has(agent_id) ? agent_id : folder;
  return { has, only, whole: [only], prefixes: [] };
}

export const folderCaller = (call: Sender, guarded: Guards): Caller => speakingFor('relay', namesOf(call, guarded));

/** Which names are guarded is the business of the hub behind it. */
export const NONE_KNOWN: Guards = { any: false, guards: () => false };
/** The hub takes the relay for whoever its token is for, so that a name that another folder could have is nobody's. */
export const ALL: Guards = { any: true, guards: () => true };

const routes = new Routes(DEFAULT_LIMITS);

/** In front of a hub elsewhere, which does not know the folders: what its caller may do is decided here, by the same rules. */
export function boundTo(execute: Execute, guarded: Guards): Execute {
  return async (call) => {
    try {
      return await execute({ ...call, path: await admitted(execute, call, guarded) });
    } catch (cause) {
      const { status, code, message, details } = HubError.from(cause);
      if (code === 'internal') throw cause;
      return { ...refusal(status, code, message), details };
    }
  };
}

/** @returns the path to ask for, in which the folder's agent is named where nobody was */
async function admitted(execute: Execute, call: RelayCall, guarded: Guards): Promise<string> {
  const names = namesOf(call, guarded);
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
  authorize(folderCaller(call, guarded), route.operation, fields, guarded);
  for (const field of actor) {
    // Hubs differ in which of several they take.
    if (asked.getAll(field).length > 1) throw new HubError('bad_request', `${field} must be given once`);
  }
  if (session === 'closes') await mustOwn(execute, call, names, fields.session_id);
  const missing = rest?.method === 'GET' ? actor.filter((field) => fields[field] === undefined) : [];
  if (missing.length === 0) return call.path;
  if (!names.has(names.only ?? ''))
    throw new HubError('forbidden', `${call.folder} is not a name that a folder may have`);
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
