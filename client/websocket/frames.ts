/** JSON-RPC 2.0 as the client reads it (websocket §2). */
import { codeOfRpc, HubError, isJsonObject } from '../../protocol/index.js';
import { isErrorCode } from '../failures.js';

export type Incoming =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly error: HubError }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown };

/** Reads one frame; what is no JSON-RPC is left out, since a newer hub may send more than this client knows. */
export function readFrame(text: string): readonly Incoming[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const incoming: Incoming[] = [];
  for (const item of Array.isArray(value) ? value : [value]) {
    const read = readItem(item);
    if (read !== undefined) incoming.push(read);
  }
  return incoming;
}

function readItem(item: unknown): Incoming | undefined {
  if (!isJsonObject(item)) return undefined;
  if (typeof item.method === 'string') return { kind: 'notification', method: item.method, params: item.params };
  const id = typeof item.id === 'number' ? item.id : undefined;
  if (isJsonObject(item.error)) return { kind: 'error', id, error: toHubError(item.error) };
  return id === undefined ? undefined : { kind: 'result', id, result: item.result };
}

/** Rebuilds the error that the hub threw: code, text and details. */
function toHubError(error: Readonly<Record<string, unknown>>): HubError {
  const data = isJsonObject(error.data) ? error.data : {};
  const rpc = typeof error.code === 'number' ? error.code : 0;
  return new HubError(
    isErrorCode(data.code) ? data.code : codeOfRpc(rpc),
    typeof error.message === 'string' ? error.message : 'unknown error',
    isJsonObject(data.details) ? data.details : undefined,
  );
}

export function requestFrame(id: number, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

export function cancelFrame(id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', method: 'cancel', params: { id } });
}
