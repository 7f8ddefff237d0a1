/** JSON-RPC 2.0 as it comes and goes (websocket §2); nothing here knows a socket. */
import { ERROR_CODES, HubError, isJsonObject, NumberText, stringify, toWideInteger } from '../../../protocol/index.js';

export type RpcId = string | number | NumberText | null;

export interface RpcRequest {
  /** Absent on a notification, which is executed and not answered. */
  id: RpcId | undefined;
  method: string;
  params: Record<string, unknown>;
}

/** @throws {HubError} `invalid_request`; `bad_request` for positional parameters */
export function toRequest(value: unknown): RpcRequest {
  if (!isJsonObject(value)) throw new HubError('invalid_request', 'request must be a JSON object');
  const { id, method, params } = value;
  if (value.jsonrpc !== '2.0') throw new HubError('invalid_request', 'jsonrpc must be "2.0"');
  if (typeof method !== 'string') throw new HubError('invalid_request', 'method must be a string');
  if (id !== undefined && !isId(id)) throw new HubError('invalid_request', 'id must be a string, a number or null');
  if (params !== undefined && params !== null && !isJsonObject(params)) {
    throw new HubError('bad_request', 'params must be a JSON object');
  }
  return { id, method, params: plainParams(params ?? {}) };
}

/** The id of something that is no proper request, as far as it can be told. */
export function idOf(value: unknown): RpcId {
  const id = isJsonObject(value) ? value.id : undefined;
  return id !== undefined && isId(id) ? id : null;
}

export const sameId = (a: RpcId, b: unknown) => stringify(a) === stringify(b);

export const resultFrame = (id: RpcId, result: unknown) =>
  `{"jsonrpc":"2.0","id":${stringify(id)},"result":${stringify(result)}}`;

/** The one place where a failure becomes a JSON-RPC error. */
export function errorFrame(id: RpcId, cause: unknown): string {
  const { code, message, details } = HubError.from(cause);
  const { rpc, status } = ERROR_CODES[code];
  const error = { code: rpc, message, data: { code, status, details } };
  return `{"jsonrpc":"2.0","id":${stringify(id)},"error":${stringify(error)}}`;
}

export const notificationFrame = (method: string, params: unknown) =>
  `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${stringify(params)}}`;

export const messageFrame = (json: string) => Buffer.from(`{"jsonrpc":"2.0","method":"message","params":${json}}`);

const isId = (id: unknown): id is RpcId =>
  id === null || typeof id === 'string' || typeof id === 'number' || id instanceof NumberText;

/** JSON null for a parameter counts as absent (websocket §3), and a number such as 30.0 is just a number here. */
function plainParams(params: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(params)) {
    const given = params[key];
    if (given === null) delete params[key];
    else if (given instanceof NumberText) params[key] = toWideInteger(given) ?? Number(given.text);
  }
  return params;
}
