/** The inside of a hub for unit tests: domain and a real database file, a clock that the test owns, and no doors. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '../../protocol/index.js';
import type { AcquireLease } from '../../server/domain/commands/leases.js';
import type { PostMessage } from '../../server/domain/commands/messages.js';
import { Hub } from '../../server/domain/hub.js';
import { SqliteStore } from '../../server/store/sqlite/sqlite-store.js';
import { FakeClock, settle } from './fake-clock.js';

export interface TempFolder extends Disposable {
  readonly path: string;
}

export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'arc-unit-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function openStore(path: string, clock: FakeClock = new FakeClock()): SqliteStore {
  const onError = (cause: unknown) => {
    throw cause;
  };
  return new SqliteStore({ path, durability: 'normal', clock, onError });
}

/** A post with all that need not be said. */
export const message = (fields: Partial<PostMessage> = {}): PostMessage => ({
  parent_task_id: null,
  from_agent: 'ana',
  to_agent: null,
  channel: 'general',
  kind: 'chat',
  body: 'x',
  attachments_json: '[]',
  reply_to: null,
  thread_id: null,
  metadata_json: '{}',
  require_channel: false,
  ...fields,
});

export class DomainHub implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly store: SqliteStore;
  readonly hub: Hub;
  /** Every change that the feed told, as `topic change`. */
  readonly changes: string[] = [];
  readonly #folder = tempFolder();

  constructor({ start = '2026-01-02T03:04:05Z', presence_ttl_sec = 120 } = {}) {
    this.clock = new FakeClock(start);
    this.store = openStore(join(this.#folder.path, 'arc.sqlite3'), this.clock);
    const log = { info: () => undefined, warn: () => undefined, error: (details: object) => console.error(details) };
    const settings = {
      limits: DEFAULT_LIMITS,
      presence_ttl_sec,
      max_waiters: 100,
      durability: 'normal',
      listen_host: '127.0.0.1',
      allow_remote: false,
      auth: { mode: 'open', insecure: false },
      version: '0.0.0',
    } as const;
    this.hub = new Hub(this.store, settings, this.clock, log, () => undefined);
    this.hub.feed.listen(({ changes }) => {
      for (const { topic, change } of changes) this.changes.push(`${topic} ${change}`);
    });
  }

  async open(agent_id: string, fields: { replace?: boolean; resume?: boolean } = {}) {
    const { outcome } = await this.hub.write('openSession', {
      session_id: this.hub.newSessionId(),
      agent_id,
      display_name: agent_id,
      capabilities_json: '[]',
      metadata_json: '{}',
      replace: false,
      resume: false,
      presence_ttl_sec: this.hub.settings.presence_ttl_sec,
      seen_ms: this.hub.presence.lastSeen(agent_id),
      ...fields,
    });
    return outcome;
  }

  claim(owner: string, key: string, ttl_sec = 300) {
    return this.#acquire({ kind: 'claim', key, owner, ttl_sec, metadata_json: '{}' });
  }

  lock(owner: string, key: string, ttl_sec = 300, metadata_json = '{}') {
    return this.#acquire({ kind: 'lock', key, owner, ttl_sec, metadata_json });
  }

  async #acquire(lease: Omit<AcquireLease, 'thread_id' | 'task_message_id'>) {
    return (await this.hub.write('acquire', { ...lease, thread_id: null, task_message_id: null })).outcome;
  }

  async post(fields: Partial<PostMessage> = {}) {
    return (await this.hub.write('post', message(fields))).outcome.message;
  }

  /** Bodies of the public notices. */
  async notices(): Promise<string[]> {
    const rows = await this.store.messages({ since_id: 0, limit: 1_000 });
    return rows.filter(({ kind }) => kind === 'notice').map(({ body }) => body);
  }

  async live(): Promise<string[]> {
    return (await this.hub.liveSessions()).map(({ agent_id }) => agent_id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await settle();
    await this.store.close();
    this.#folder[Symbol.dispose]();
  }
}
