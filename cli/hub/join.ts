/** `arc join`: from an invite to an entry in the credentials file, once the hub has shown the key that the invite names. */

import { CommandError } from '../../base/command-error.js';
import { printable } from '../../base/terminal-text.js';
import {
  credentialsPath,
  findCredentials,
  readCredentials,
  storeCredentials,
} from '../../client/credentials/credentials-file.js';
import { inviteUrl, parseInvite } from '../../client/credentials/invite-link.js';
import { HubClient, HubError } from '../../client/index.js';
import { shownKey } from '../../client/net/connect.js';
import { checkTime } from '../../client/net/server-key.js';

const ANSWER_MS = 10_000;

export interface Joined {
  joined: true;
  url: string;
  fingerprint?: string;
  /** Where that was noted. */
  credentials: string;
  hub: { implementation: string; version: string; instance_id: string };
  /** Whom the hub takes this account for. */
  role: string;
  names: readonly string[];
  expires_at: string | null;
}

/**
 * @param again accepts that the hub has another key than the one it was known by
 * @throws {CommandError | HubError} what is wrong with the invite or with the hub; then nothing was noted
 */
export async function joinHub(link: string, again: boolean): Promise<Joined> {
  const invite = parseInvite(link);
  const { fingerprint, token } = invite;
  const url = inviteUrl(invite);
  if (fingerprint !== undefined) await mustShow(url, fingerprint);
  if (!again) mustBeTheKnownOne(url, fingerprint);
  const hub = HubClient.overHttp(undefined, { baseUrl: url, token, fingerprint, timeoutMs: ANSWER_MS });
  try {
    const { implementation, implementation_version, instance_id } = await hub.hubInfo();
    const { role, names, expires_at } = await hub.identity();
    const [agent] = names?.length === 1 && !names[0]?.endsWith('*') ? names : [];
    await storeCredentials({ url, fingerprint, token, agent });
    return {
      joined: true,
      url,
      ...(fingerprint !== undefined && { fingerprint }),
      credentials: credentialsPath(),
      hub: { implementation, version: implementation_version, instance_id },
      role,
      names: names ?? [],
      expires_at,
    };
  } catch (cause) {
    if (!(cause instanceof HubError) || cause.code !== 'unauthorized') throw cause;
    throw new CommandError(`${url} does not take this invite (${cause.message}): ask for a new one. Nothing was noted`);
  } finally {
    await hub.close();
  }
}

async function mustShow(url: string, fingerprint: string): Promise<void> {
  const key = await shownKey(url);
  if (key.fingerprint !== fingerprint) {
    throw new CommandError(
      `${url} shows another key (${key.fingerprint}) than the invite names (${fingerprint}): either the invite is older than ` +
        'the hub, or somebody answers in its place. Ask for a new invite. Nothing was noted',
    );
  }
  checkTime(key, url);
}

/** An invite that came by a doubtful way must not talk anybody out of a hub that is known. */
function mustBeTheKnownOne(url: string, fingerprint: string | undefined): void {
  const all = readCredentials();
  const known = findCredentials(all, url.replace(/^http:/, 'https:'))?.fingerprint;
  if (known === undefined || known === fingerprint) return;
  throw new CommandError(
    `this account knows ${url} by another key (${known}). Is the invite from its operator, and was the hub made anew? Then join ` +
      'with --again; else somebody may want to answer in its place. Nothing was noted',
  );
}

export const joinedView = ({ url, hub, credentials, role, names, expires_at }: Joined): string =>
  printable(
    [
      `Joined ${hub.implementation} ${hub.version} at ${url}; noted in ${credentials}.`,
      `It takes this account for ${[role, names.join(', ')].filter((part) => part !== '').join(' ')}${expires_at === null ? '' : `, until ${expires_at}`}.`,
      `Name it from now on with --base-url ${url}, or once with: export ARC_BASE_URL=${url}`,
    ].join('\n'),
    { lines: true },
  );
