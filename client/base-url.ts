import { HubError } from '../protocol/errors.js';
import { DEFAULT_BASE_URL } from '../protocol/hub.js';

/**
 * The hub's address without a slash at the end, in the scheme asked for; `http`, `https`, `ws` and `wss` are understood. For
 * `unix:PATH` it is what the requests on that socket are told.
 *
 * @throws {HubError} `bad_request` when it is no such address
 */
export function hubAddress(scheme: 'http' | 'ws', baseUrl: string = DEFAULT_BASE_URL): string {
  if (socketOf(baseUrl) !== undefined) return `${scheme}://localhost`;
  const rest = /^(?:http|ws)(s?:\/\/.+)$/i.exec(baseUrl)?.[1];
  if (rest === undefined || !URL.canParse(scheme + rest)) {
    throw new HubError('bad_request', `not the address of a hub: ${baseUrl}`);
  }
  return (scheme + rest).replace(/\/+$/, '');
}

/** The path of `unix:PATH`; undefined for every other address. */
export const socketOf = (baseUrl: string): string | undefined => /^unix:(?:\/\/)?(.+)$/i.exec(baseUrl)?.[1];

/** One spelling for one hub, as the credentials file keeps it: the scheme of HTTP, the host in small letters, no slash at the end. */
export function canonicalUrl(baseUrl: string): string {
  const socket = socketOf(baseUrl);
  if (socket !== undefined) return `unix:${socket}`;
  const { origin, pathname } = new URL(hubAddress('http', baseUrl));
  return origin + pathname.replace(/\/+$/, '');
}
