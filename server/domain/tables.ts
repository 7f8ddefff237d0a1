/**
 * The port that commands read and write through. An engine answers from what its transaction sees, synchronously; a row
 * that was put is there for the next command of the same group. Commands see rows, never SQL.
 */
import type { ArcpArtifact, ArcpEnvelope, ArcpIntent, ArcpRecord } from './arcp.js';
import type { Sent } from './party.js';
import type {
  AuditRow,
  ChannelRow,
  LeaseKind,
  LeaseRow,
  MessageRow,
  NewAuditRow,
  NewMessage,
  SessionRow,
  TaskRow,
  TokenRow,
  WriteKey,
} from './rows.js';

export interface Tables {
  readonly channels: {
    get(name: string): ChannelRow | undefined;
    has(name: string): boolean;
    insert(row: ChannelRow): void;
  };
  readonly sessions: {
    /** The newest active one of the agent. */
    activeOf(agent_id: string): SessionRow | undefined;
    get(session_id: string): SessionRow | undefined;
    insert(row: SessionRow): void;
    /** The row as it is now, or undefined when no active session has that id. */
    close(session_id: string): SessionRow | undefined;
    closeAllOf(agent_id: string): void;
    rename(agent_id: string, display_name: string, now: string): void;
    /** Only active rows, only forward: a touch never revives (arc-v1 §4). */
    touch(agent_id: string, seen: string): void;
    /** Whatever it was, earlier or later. */
    setSeen(agent_id: string, seen: string): void;
    /** Lowers all that are later than `now`. */
    clampSeen(now: string): void;
    /** Closes all that were last seen before `cutoff`, and answers them. */
    expire(cutoff: string): SessionRow[];
  };
  readonly messages: {
    get(id: number): MessageRow | undefined;
    /** Gives it the next id. */
    insert(message: NewMessage): MessageRow;
    latestId(): number;
  };
  readonly leases: {
    get(kind: LeaseKind, key: string): LeaseRow | undefined;
    put(row: LeaseRow): LeaseRow;
    /** What the agent holds at `now`: claims, then locks, each by when it was taken. */
    activeOf(owner: string, now: string): LeaseRow[];
    /** Claims on the request of a task that stand at `now`. */
    onTask(task_id: number, now: string): LeaseRow[];
  };
  readonly tasks: {
    get(task_id: number): TaskRow | undefined;
    insert(row: TaskRow): void;
    finish(task: TaskRow, now: string): TaskRow;
    children(parent_id: number): { total: number; open: number };
  };
  readonly threads: {
    /** The channel of a thread (arc-v1 §3.7), counting what this transaction has said in it. */
    channelOf(thread_id: string): string | null;
    /** Whether anything in it was said to whoever sees so much, or nothing was said in it at all. */
    isOpenTo(thread_id: string, sees: (sent: Sent) => boolean): boolean;
  };
  readonly cursors: {
    /** Only forward; answers where the cursor is then. */
    advance(agent_id: string, since_id: number): number;
  };
  readonly keys: {
    /** The answer that its write got, and the fingerprint of what it was for. */
    get(agent_id: string, key: string): { fingerprint: string; answer: string } | undefined;
    insert(key: WriteKey, answer: string, nowMs: number): void;
    /** Forgets keys that are old enough (websocket §7). */
    prune(nowMs: number): void;
  };
  readonly tokens: {
    get(id: string): TokenRow | undefined;
    insert(row: TokenRow): void;
    update(row: TokenRow): void;
    /** Only forward. */
    used(id: string, at: string): void;
  };
  readonly audit: {
    /** A line of the same merge key counts on. */
    add(row: NewAuditRow): AuditRow;
    /** Now and then drops what is older than 90 days, or beyond 50,000 deeds of operators and as much of all else. */
    prune(nowMs: number): void;
  };
  readonly arcp: {
    put(record: ArcpRecord): void;
    keep(envelope: ArcpEnvelope, nowMs: number): void;
    noteInbound(inbound: { session_id: string; id: string; answer: string }, nowMs: number): void;
    intend(intent: ArcpIntent): void;
    putArtifact(artifact: ArcpArtifact): void;
    dropArtifact(artifact_id: string): void;
    /** Drops events up to that number. */
    free(session_id: string, up_to_seq: number): void;
    /** Keeps the newest `rows` of a session's envelopes. */
    bound(session_id: string, rows: number): void;
    /** Drops what need not be kept at this time. */
    sweep(now_ms: number): void;
  };
  readonly changes: {
    /** Keeps the log of changes short. */
    prune(): void;
  };
}
