/** One job, whichever generation asked for it (arcp §D.1): a request to an agent, and what comes back in its thread. */
import type { ArcpRecord } from '../../domain/arcp.js';

export type JobState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timed_out';

/** Why a job ended without success: in the words of neither generation. */
export type Failure = 'executor' | 'cancelled' | 'not_stopped' | 'timeout' | 'silent' | 'never_there';

export type JobEnd =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: Failure; readonly code: string | undefined; readonly message: string };

/** What happens to a job, for an encoder to put into words. */
export type JobEvent =
  | { readonly what: 'started' }
  | { readonly what: 'said'; readonly kind: string; readonly body: Readonly<Record<string, unknown>> }
  | { readonly what: 'beat'; readonly sequence: number; readonly interval_ms: number }
  | { readonly what: 'ended'; readonly end: JobEnd };

export interface Job {
  readonly id: string;
  readonly principal: string;
  /** The agent that does it, and the name and version that the client knows it by. */
  readonly executor: string;
  readonly agent: string;
  readonly version: string;
  readonly created_ms: number;
  readonly trace_id: string | null;
  readonly max_runtime_sec: number | null;
  /** Sessions that are told of it, with the id of the message by which each asked for it. */
  watchers: Record<string, string>;
  state: JobState;
  request_id: number | null;
  /** The newest message of the executor that has been taken in. */
  cursor: number;
  /** Of generation 1.0's text stream, once there is one. */
  stream: { id: string; next: number } | null;
  cancel: { by_ms: number; reason: string } | null;
  end: JobEnd | null;
}

export const isOver = ({ end }: Job): boolean => end !== null;

/** How long a job is known after it was last touched (arcp §B.7). */
export const KEEP_JOB_MS = 86_400_000;

export const jobRecord = (job: Job, nowMs: number): ArcpRecord => ({
  noun: 'jobs',
  id: job.id,
  principal: job.principal,
  state: job.state,
  message_id: job.request_id,
  // One that goes on is kept whatever it takes.
  keep_until_ms: isOver(job) ? nowMs + KEEP_JOB_MS : Number.MAX_SAFE_INTEGER,
  body: JSON.stringify(job),
});

export const jobOf = ({ body, message_id }: ArcpRecord): Job => ({
  ...(JSON.parse(body) as Job),
  request_id: message_id,
});
