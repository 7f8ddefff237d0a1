/** Files that a client of generation 1.0 leaves with the hub for a while (arcp §B.16). */
import { hash } from 'node:crypto';
import { ulid } from '../../../base/ulid.js';
import { ARTIFACT_RETENTION, type G1Code, type G1Payload } from '../../../protocol/arcp/g1.js';
import type { ArcpArtifact } from '../../domain/arcp.js';
import type { ArcpReads } from '../../domain/store.js';

const MAX_BYTES = 8 * 1_024 * 1_024;
const MAX_BYTES_OF_ALL = 256 * 1_024 * 1_024;

export interface ArtifactRefused {
  readonly code: G1Code;
  readonly message: string;
}

interface Owner {
  readonly id: string;
  readonly principal: string;
}

export const isRefused = (made: ArcpArtifact | ArtifactRefused): made is ArtifactRefused => 'code' in made;

/** What is to be stored, or why not. */
export async function artifactOf(
  wish: G1Payload<'artifact.put'>,
  { id: session_id, principal }: Owner,
  store: Pick<ArcpReads, 'artifactBytes' | 'artifact'>,
  nowMs: number,
): Promise<ArcpArtifact | ArtifactRefused> {
  const invalid = (message: string): ArtifactRefused => ({ code: 'INVALID_ARGUMENT', message });
  const full = (message: string): ArtifactRefused => ({ code: 'RESOURCE_EXHAUSTED', message });
  if (wish.data === undefined) return invalid('payload.data: is required');
  const data = Buffer.from(wish.data, 'base64');
  // The decoder passes over what it does not understand.
  if (data.toString('base64') !== wish.data) return invalid('payload.data: must be base64');
  const sha256 = hash('sha256', data, 'hex');
  if (wish.size !== undefined && wish.size !== data.length) return invalid(`payload.size: it is ${data.length}`);
  if (wish.sha256 !== undefined && wish.sha256.toLowerCase() !== sha256)
    return invalid(`payload.sha256: it is ${sha256}`);
  if (data.length > MAX_BYTES) return full(`an artifact may have ${MAX_BYTES} bytes`);
  const artifact_id = wish.artifact_id ?? `art_${ulid(nowMs)}`;
  const earlier = await store.artifact(artifact_id);
  if (earlier !== undefined) return { code: 'ALREADY_EXISTS', message: `${artifact_id} is taken` };
  if ((await store.artifactBytes(principal, nowMs)) + data.length > MAX_BYTES_OF_ALL) {
    return full(`the artifacts of a principal may have ${MAX_BYTES_OF_ALL} bytes together`);
  }
  const { default_seconds, max_seconds } = ARTIFACT_RETENTION;
  const expires_ms = nowMs + 1_000 * Math.min(wish.ttl_seconds ?? default_seconds, max_seconds);
  return {
    artifact_id,
    principal,
    session_id,
    media_type: wish.media_type,
    sha256,
    size: data.length,
    expires_ms,
    data,
  };
}

/** Undefined for one that is another's, or has expired: both are as if they were not there. */
export async function artifactFor(
  artifactId: string,
  principal: string,
  store: Pick<ArcpReads, 'artifact'>,
  nowMs: number,
): Promise<ArcpArtifact | undefined> {
  const found = await store.artifact(artifactId);
  return found?.principal === principal && found.expires_ms > nowMs ? found : undefined;
}

export const refOf = ({ artifact_id, session_id, media_type, size, sha256, expires_ms }: ArcpArtifact) => ({
  artifact_id,
  uri: `arcp://session/${session_id}/artifact/${artifact_id}`,
  media_type,
  size,
  sha256,
  expires_at: new Date(expires_ms).toISOString(),
});
