/** What the ARCP door keeps (arcp §D.2): rows of its own tables, and the one write that an inbound message is. */
import type { PostMessage } from './commands/messages.js';

/** Things of the same make: an id, whose it is, and the rest as JSON that the door alone reads. */
export const ARCP_NOUNS = ['sessions', 'jobs', 'questions', 'leases'] as const;
export type ArcpNoun = (typeof ARCP_NOUNS)[number];

export interface ArcpRecord {
  noun: ArcpNoun;
  id: string;
  principal: string;
  state: string;
  /** Of a job: its request. */
  message_id: number | null;
  /** When it may be forgotten. */
  keep_until_ms: number;
  body: string;
}

/** One envelope for one session, as it goes to the socket. */
export interface ArcpEnvelope {
  session_id: string;
  /** Generation 1.1 counts events; nothing else has a number. */
  event_seq: number | null;
  envelope_id: string;
  job_id: string | null;
  type: string;
  body: string;
}
export type KeptEnvelope = ArcpEnvelope & { seq: number };

/** An intent that must not be carried out twice (arcp §B.7, §C.4.4). */
export interface ArcpIntent {
  principal: string;
  key: string;
  fingerprint: string;
  job_id: string;
  keep_until_ms: number;
}

export interface ArcpArtifact {
  artifact_id: string;
  principal: string;
  session_id: string;
  media_type: string;
  sha256: string;
  size: number;
  expires_ms: number;
  data: Buffer;
}

export interface ArcpWrite {
  /** The request of a job. */
  request?: { job_id: string; message: PostMessage } | undefined;
  /** Whatever else is said to executors. */
  posts?: readonly PostMessage[];
  records?: readonly ArcpRecord[];
  envelopes?: readonly ArcpEnvelope[];
  /** An inbound id that must have no second effect, and the envelope that answered it. */
  inbound?: { session_id: string; id: string; answer: string } | undefined;
  intent?: ArcpIntent | undefined;
  artifact?: ArcpArtifact | undefined;
  release?: string | undefined;
  /** Events up to this number are not asked for again. */
  freed?: { session_id: string; up_to_seq: number } | undefined;
  /** A session's envelopes beyond this many go, oldest first. */
  bound?: { session_id: string; rows: number } | undefined;
  /** Forgets all that need not be kept at this time. */
  sweep_ms?: number | undefined;
}
