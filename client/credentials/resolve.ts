/** From what a caller says to all that it takes to reach a hub (identity §5): what is said goes before what is found. */
import { DEFAULT_BASE_URL } from '../../protocol/index.js';
import type { Access, AccessOptions } from '../access.js';
import { credentialsPath, findCredentials, readCredentials } from './credentials-file.js';
import { findLocalHub, localToken } from './local-hub.js';

export function resolveAccess(
  options: AccessOptions,
  agentId: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Access {
  const named = options.baseUrl ?? (env.ARC_BASE_URL || undefined);
  const local = findLocalHub(named);
  const baseUrl = named ?? local?.url ?? DEFAULT_BASE_URL;
  const given = { ...options, baseUrl, token: options.token ?? (env.ARC_TOKEN || undefined) };
  const isKnown = given.fingerprint !== undefined || given.ca !== undefined || !/^(https|wss):/i.test(baseUrl);
  if (given.token !== undefined && isKnown) return given;
  const entry = findCredentials(readCredentials(credentialsPath(env)), baseUrl, agentId);
  return {
    ...given,
    token: given.token ?? entry?.token ?? (local === undefined ? undefined : localToken(local)),
    fingerprint: isKnown ? given.fingerprint : (entry?.fingerprint ?? local?.fingerprint),
  };
}

/** Where a hub is that nobody has named. */
export const defaultBaseUrl = (): string => findLocalHub(undefined)?.url ?? DEFAULT_BASE_URL;
