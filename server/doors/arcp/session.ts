/** A session of an ARCP client: its outbox outlives its socket (arcp §D.6). */
import { ulid } from '../../../base/ulid.js';
import type { Caller } from '../../access/caller.js';
import type { ArcpEnvelope, ArcpRecord } from '../../domain/arcp.js';
import type { Store } from '../../domain/store.js';
import type { Job, JobEvent } from './job.js';

/** An envelope without what every envelope of its session has. */
export interface Draft {
  readonly type: string;
  readonly payload: unknown;
  readonly job_id?: string | undefined;
  /** Further members of the envelope. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Generation 1.1 numbers it. */
  readonly counted?: boolean;
}

/** What puts a job's events into the words of one generation. */
export interface Encoder {
  /** @param asked id of the message by which this session asked for the job */
  job(job: Job, event: JobEvent, asked: string): Draft[];
  /** Whether the session has agreed to be told such things. */
  wants(session: ArcpSession, draft: Draft): boolean;
  envelope(session: ArcpSession, id: string, draft: Draft, nowMs: number, eventSeq: number | null): string;
}

/** The socket, or the pipe, of a session. */
export interface Peer {
  readonly writable: boolean;
  send(frame: string): void;
  close(code: number, reason: string): void;
}

export interface SessionState {
  readonly id: string;
  readonly generation: 'g1' | 'g2';
  readonly version: string;
  readonly principal: string;
  /** What was negotiated, as its generation keeps it. */
  terms: Record<string, unknown>;
  next_seq: number;
  token_sha256: string | null;
  detached_ms: number | null;
}

const PAGE = 100;

export class ArcpSession {
  readonly state: SessionState;
  readonly encoder: Encoder;
  caller: Caller | undefined;
  /** Answers to messages that must have no second effect, by the ids of those messages. */
  readonly answered = new Map<string, string>();
  #peer: Peer | undefined;
  #sent = '';
  /** Set while the socket is fed from the store. */
  #behind = false;
  #pumping = false;

  constructor(state: SessionState, encoder: Encoder) {
    this.state = state;
    this.encoder = encoder;
  }

  get id(): string {
    return this.state.id;
  }
  get peer(): Peer | undefined {
    return this.#peer;
  }

  /** @param after newest envelope that the peer has; what is newer comes from the store at the next `pump` */
  attach(peer: Peer, after: string, held: boolean): void {
    this.#peer = peer;
    this.#sent = after;
    this.#behind = held;
    this.state.detached_ms = null;
  }

  detach(peer: Peer, nowMs: number): boolean {
    if (this.#peer !== peer) return false;
    this.#peer = undefined;
    this.state.detached_ms = nowMs;
    return true;
  }

  envelope(draft: Draft, nowMs: number): ArcpEnvelope {
    const envelope_id = `msg_${ulid(nowMs)}`;
    const event_seq = draft.counted ? this.state.next_seq++ : null;
    const body = this.encoder.envelope(this, envelope_id, draft, nowMs, event_seq);
    return { session_id: this.id, event_seq, envelope_id, job_id: draft.job_id ?? null, type: draft.type, body };
  }

  /** The envelope is in the store. */
  committed({ envelope_id, body }: ArcpEnvelope): void {
    const peer = this.#peer;
    if (peer === undefined || this.#behind || envelope_id <= this.#sent) return;
    if (!peer.writable) {
      this.#behind = true;
      return;
    }
    this.#sent = envelope_id;
    peer.send(body);
  }

  /** Sends what the store has and the peer has not, as far as it takes it. */
  async pump(store: Store, place?: number): Promise<void> {
    if (!this.#behind || this.#pumping) return;
    this.#pumping = true;
    try {
      const peer = this.#peer;
      let seq = place ?? (await store.arcp.anchor(this.id, this.#sent)) ?? 0;
      while (peer !== undefined && this.#peer === peer && peer.writable) {
        const page = await store.arcp.after(this.id, seq, PAGE);
        for (const { envelope_id, body, seq: at } of page) {
          seq = at;
          if (envelope_id <= this.#sent) continue;
          this.#sent = envelope_id;
          peer.send(body);
        }
        if (page.length < PAGE) {
          this.#behind = false;
          return;
        }
      }
    } finally {
      this.#pumping = false;
    }
  }

  record(keepMs: number, nowMs: number): ArcpRecord {
    const { id, principal } = this.state;
    const body = JSON.stringify(this.state);
    return {
      noun: 'sessions',
      id,
      principal,
      state: this.#peer === undefined ? 'detached' : 'attached',
      message_id: null,
      keep_until_ms: nowMs + keepMs,
      body,
    };
  }
}
