import { DEFAULT_BASE_URL, HubError } from '../protocol/index.js';

/**
 * The hub's address without a slash at the end, in the scheme asked for; `http`, `https`, `ws` and `wss` are understood.
 *
 * @throws {HubError} `bad_request` when it is no such address
 */
export function hubAddress(scheme: 'http' | 'ws', baseUrl: string = DEFAULT_BASE_URL): string {
  const rest = /^(?:http|ws)(s?:\/\/.+)$/i.exec(baseUrl)?.[1];
  if (rest === undefined || !URL.canParse(scheme + rest)) {
    throw new HubError('bad_request', `not the address of a hub: ${baseUrl}`);
  }
  return (scheme + rest).replace(/\/+$/, '');
}
