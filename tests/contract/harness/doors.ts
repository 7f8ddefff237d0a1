/** One way to call operations for every door, and one shape of failure, so that a case is written once. */
import { join } from 'node:path';
import { HubClient, HubError } from '../../../client/index.js';
import { HttpClient } from '../../support/http-client.js';
import type { HubProcess } from '../../support/hub-process.js';
import { RawSocket, RpcFailure } from '../../support/raw-socket.js';
import { ROUTES } from './routes.js';
import type { DoorName } from './rule.js';

// biome-ignore lint/suspicious/noExplicitAny: answers have any shape; what is expected of them is said where they are read
export type Answer = any;
export type Params = Readonly<Record<string, unknown>>;

/** A refusal as every door tells it (websocket §2). */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly error: string,
    readonly details?: unknown,
  ) {
    super(`${code} (${status}): ${error}`);
  }
}

/** Somebody at a door. `agent_id` is filled in where an operation has an acting agent. */
export interface Caller extends AsyncDisposable {
  readonly door: DoorName;
  readonly agent_id: string | undefined;
  call<Result = Answer>(operation: string, params?: Params): Promise<Result>;
}

export interface SocketCaller extends Caller {
  readonly raw: RawSocket;
}

/** @param session how the agent signs in; undefined for one that does not, but acts under its name where it can */
export async function openDoor(
  door: DoorName,
  hub: HubProcess,
  agent_id?: string,
  session?: Params,
): Promise<Caller | SocketCaller> {
  switch (door) {
    case 'ws':
      return openSocket(hub, agent_id, session);
    case 'http':
      return openHttp(hub, agent_id, session);
    case 'client-ws':
      return openClientSocket(hub, agent_id, session);
    case 'client-http':
      return openClientHttp(hub, agent_id, session);
    case 'client-relay':
      return openClientRelay(hub, agent_id, session);
  }
}

const acting = (operation: string, agent_id: string | undefined, params: Params): Record<string, unknown> => {
  const field = ROUTES[operation]?.actor;
  return field === undefined || agent_id === undefined ? { ...params } : { [field]: agent_id, ...params };
};

async function openSocket(hub: HubProcess, agent_id: string | undefined, session?: Params): Promise<SocketCaller> {
  const raw = await RawSocket.open(hub.wsUrl);
  if (session !== undefined) await raw.call('sessions.open', { agent_id, ...session });
  return {
    door: 'ws',
    agent_id,
    raw,
    // A bound connection is its agent: the hub fills it in (websocket §4).
    call: (operation, params = {}) =>
      asRefusal(raw.call(operation, session === undefined ? acting(operation, agent_id, params) : params)),
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  };
}

async function openHttp(hub: HubProcess, agent_id: string | undefined, session?: Params): Promise<Caller> {
  const http = new HttpClient(hub.url);
  const caller: Caller = {
    door: 'http',
    agent_id,
    call: (operation, params = {}) => callRest(http, operation, acting(operation, agent_id, params)) as Promise<never>,
    [Symbol.asyncDispose]: async () => http[Symbol.dispose](),
  };
  if (session !== undefined) await caller.call('sessions.open', { agent_id, ...session });
  return caller;
}

async function callRest(http: HttpClient, operation: string, params: Params): Promise<Answer> {
  const rest = ROUTES[operation]?.rest;
  if (rest === undefined) throw new Error(`${operation} has no REST twin`);
  const { idempotency_key, ...fields } = params as Record<string, unknown>;
  const [method, template] = rest;
  let path = template.replace(/\{(\w+)\}/, (_, field: string) => {
    const value = fields[field];
    delete fields[field];
    return encodeURIComponent(String(value));
  });
  const inQuery = method === 'GET' || method === 'DELETE';
  if (inQuery) {
    const query = new URLSearchParams();
    for (const [field, value] of Object.entries(fields)) if (value !== undefined) query.set(field, String(value));
    if (query.size > 0) path += `?${query}`;
  }
  const headers = idempotency_key === undefined ? {} : { 'idempotency-key': headerText(String(idempotency_key)) };
  const {
    status,
    headers: answered,
    body,
  } = await http.call<Answer>(method, path, inQuery ? undefined : fields, headers);
  if (!body.ok) throw new Refusal(String(answered['x-arc-error']), status, body.error ?? '');
  return toResult(operation, body);
}

/** A header is bytes: text beyond ASCII travels as UTF-8. */
const headerText = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

/** From the envelope to the operation's result, where REST has more keys at the top (websocket §3). */
function toResult(operation: string, body: Answer): Answer {
  const { result, acquired, parent_completed, deduplicated, resumed } = body;
  if (/^claims\.(acquire|refresh)$/.test(operation)) return { acquired, claim: result };
  if (/^locks\.(acquire|refresh)$/.test(operation)) return { acquired, lock: result };
  if (operation === 'tasks.complete') return { task: result, ...(parent_completed && { parent_completed }) };
  if (operation === 'messages.post') return { ...result, deduplicated: deduplicated === true };
  if (operation === 'sessions.open') return { ...result, ...(resumed !== undefined && { resumed }) };
  return result;
}

async function openClientSocket(hub: HubProcess, agent_id?: string, session?: Params): Promise<Caller> {
  const bound = session === undefined ? undefined : agent_id;
  const { display_name, capabilities, metadata, ...others } = (session ?? {}) as Record<string, never>;
  const client = await HubClient.connect(bound, {
    baseUrl: hub.url,
    displayName: display_name,
    capabilities,
    metadata,
    ...others,
  });
  return clientCaller('client-ws', client, agent_id);
}

async function openClientHttp(hub: HubProcess, agent_id?: string, session?: Params): Promise<Caller> {
  const client = HubClient.overHttp(agent_id, { baseUrl: hub.url });
  const caller = clientCaller('client-http', client, agent_id);
  if (session !== undefined) await caller.call('sessions.open', { agent_id, ...session });
  return caller;
}

async function openClientRelay(hub: HubProcess, agent_id?: string, session?: Params): Promise<Caller> {
  const client = HubClient.overRelay(agent_id, { spoolDir: join(hub.folder, 'spool') });
  const caller = clientCaller('client-relay', client, agent_id);
  if (session !== undefined) await caller.call('sessions.open', { agent_id, ...session });
  return caller;
}

const clientCaller = (door: DoorName, client: HubClient, agent_id: string | undefined): Caller => ({
  door,
  agent_id,
  call: (operation, params = {}) => {
    // A client that is signed in fills itself in.
    const filled = client.agentId === undefined ? acting(operation, agent_id, params) : params;
    return asRefusal(client.request(operation, filled)) as Promise<never>;
  },
  // Leaves as a process does that ends: it does not sign out.
  [Symbol.asyncDispose]: () => client.close({ keepSession: true }),
});

async function asRefusal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof RpcFailure) {
      throw new Refusal(cause.data.code, cause.data.status, cause.message, cause.data.details);
    }
    if (cause instanceof HubError) throw new Refusal(cause.code, cause.status, cause.message, cause.details);
    throw cause;
  }
}
