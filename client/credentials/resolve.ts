/** From what a caller says to all that it takes to reach a hub (identity §5): what is said goes before what is found. */
import { DEFAULT_BASE_URL } from '../../protocol/hub.js';
import type { Access, AccessOptions } from '../access.js';
import { credentialsPath, findCredentials, readCredentials } from './credentials-file.js';
import { findLocalHub, localToken } from './local-hub.js';

/** @param folder where a hub of this account may lie, or above */
export function resolveAccess(
  options: AccessOptions,
  agentId: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  folder = process.cwd(),
): Access {
  const named = options.baseUrl ?? (env.ARC_BASE_URL || undefined);
  const baseUrl = named ?? findLocalHub(undefined, folder)?.url ?? DEFAULT_BASE_URL;
  const given = { ...options, baseUrl, token: options.token ?? (env.ARC_TOKEN || undefined) };
  const isKnown = given.fingerprint !== undefined || given.ca !== undefined || !isSecure(baseUrl);
  if (given.token !== undefined && isKnown) return given;
  const local = findLocalHub(baseUrl, folder);
  const entry = findCredentials(readCredentials(credentialsPath(env)), baseUrl, agentId);
  return {
    ...given,
    token: given.token ?? entry?.token ?? (local === undefined ? undefined : localToken(local)),
    fingerprint: isKnown ? given.fingerprint : (entry?.fingerprint ?? local?.fingerprint),
  };
}

/** Where a hub is that nobody has named. */
export const defaultBaseUrl = (): string => findLocalHub(undefined)?.url ?? DEFAULT_BASE_URL;

/** The scheme of a hub of which only the place was said: with TLS, if it is known to have it. */
export function secureIfKnown(url: string): string {
  const secure = url.replace(/^http:/, 'https:');
  const isKnown = findLocalHub(secure) !== undefined || findCredentials(readCredentials(), secure) !== undefined;
  return isKnown ? secure : url;
}

/** The agent that this account has joined a hub as. */
export const joinedAs = (url: string): string | undefined => findCredentials(readCredentials(), url)?.agent;

const isSecure = (url: string) => /^(https|wss):/i.test(url);
