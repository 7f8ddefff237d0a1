import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { ARC_V1_SCHEMA as FOREIGN_SCHEMA } from '../../../tests/fixtures/arc-v1-file.js';
import { message, openStore, tempFolder } from '../../../tests/support/domain-hub.js';
import { FakeClock } from '../../../tests/support/fake-clock.js';
import { ConfigError } from '../../config.js';
import type { Committed } from '../../domain/changes.js';
import { ARC_V1_SCHEMA } from './migrations/arc-v1.js';
import { MIGRATIONS } from './migrations/index.js';

const key = (name: string, fingerprint = 'f') => ({ agent_id: 'ana', key: name, fingerprint });

describe('the group commit', () => {
  it('joins what comes in one turn, and undoes only what fails', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const store = openStore(path);
    const saboteur = new Database(path);
    saboteur.exec(`CREATE TRIGGER no_tasks BEFORE INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'no tasks today'); END`);
    saboteur.close();
    const told: Committed[] = [];
    store.onCommit((committed) => committed.messages.length > 0 && told.push(committed));
    const outcomes = await Promise.allSettled([
      store.write('post', message({ body: 'first' })),
      store.write('post', message({ channel: 'nowhere' })),
      // Fails after its message is written, and by no rule of the domain.
      store.write('post', message({ kind: 'task', body: 'half' })),
      store.write('createChannel', { name: 'room', created_by: null, metadata_json: '{}' }),
      store.write('post', message({ channel: 'room', body: 'second' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    const rows = await store.messages({ since_id: 0, limit: 10 });
    expect(rows.map(({ body }) => body)).toEqual(['first', 'second']);
    expect(await store.tasks({})).toEqual([]);
    expect(store.stats().commits).toBe(1);
    expect(told).toHaveLength(1);
    expect(told[0]?.messages.map(({ id, body }) => [id, body])).toEqual(rows.map(({ id, body }) => [id, body]));
    await store.close();
  });

  it('undoes only the message that the file refuses', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const store = openStore(path);
    const saboteur = new Database(path);
    saboteur.exec(`CREATE TRIGGER no_poison BEFORE INSERT ON messages WHEN new.body = 'poison'
      BEGIN SELECT RAISE(ABORT, 'not this one'); END`);
    saboteur.close();
    const bodies = ['first', 'poison', 'second', 'third'];
    const outcomes = await Promise.allSettled(bodies.map((body) => store.write('post', message({ body }))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const rows = await store.messages({ since_id: 0, limit: 10 });
    expect(rows.map(({ body }) => body)).toEqual(['first', 'second', 'third']);
    await store.close();
  });

  it('tells what others wrote while its own write waits for the file', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const store = openStore(path);
    const told = new Promise<Committed>((resolve) => store.onCommit(resolve));
    store.watch(true);
    const other = new Database(path);
    other.exec(`INSERT INTO messages (ts, from_agent, channel, kind, body)
      VALUES ('2026-01-01T00:00:00Z', 'a', 'general', 'chat', 'theirs')`);
    other.exec('BEGIN IMMEDIATE');
    const write = store.write('post', message({ body: 'ours' }));
    // Told only after our write has given up, it would be too late for that write.
    expect((await told).messages.map(({ body }) => body)).toEqual(['theirs']);
    other.exec('ROLLBACK');
    expect((await write).outcome.message.id).toBe(2);
    other.close();
    await store.close();
  });

  it('retries a locked file without holding up the event loop', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const store = openStore(path);
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    let settled = false as boolean;
    const write = store.write('post', message()).finally(() => {
      settled = true;
    });
    /** CPU and wall time of so many turns of the event loop, in ms. */
    const turns = async () => {
      const beganMs = performance.now();
      for (let turn = 0; turn < 200; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (turn % 50 === 49) await store.messages({ since_id: 0, limit: 1 });
      }
      return performance.now() - beganMs;
    };
    const locked = await turns();
    expect(settled).toBe(false);
    expect(await store.messages({ since_id: 0, limit: 1 })).toEqual([]);
    other.exec('ROLLBACK');
    expect((await write).outcome.message.id).toBe(1);
    // A wait inside SQLite would hold up each of the hundred tries for as long as it may take, a second and more.
    const free = await turns();
    expect(locked).toBeLessThan(20 * free);
    other.close();
    await store.close();
  });

  it('commits what is queued when it closes, and takes nothing after', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const store = openStore(path);
    const writes = [store.write('post', message()), store.write('post', message())];
    await store.close();
    expect((await Promise.all(writes)).map(({ outcome }) => outcome.message.id)).toEqual([1, 2]);
    await expect(store.write('post', message())).rejects.toMatchObject({ code: 'unavailable' });
    const again = openStore(path);
    expect(again.latestId()).toBe(2);
    await again.close();
  });
});

describe('the log of changes', () => {
  it('is kept short although the hub has no moment of rest', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const store = openStore(path);
    const other = new Database(path);
    other.exec(`INSERT INTO arc_hub_changes (topic, key, change)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) SELECT 'lock', i, 'acquired' FROM n`);
    await store.write('sweep', { presence_ttl_sec: 120, touches: [] });
    expect(other.prepare('SELECT count(*) FROM arc_hub_changes').pluck().get()).toBe(10_000);
    other.close();
    await store.close();
  });
});

describe('a key (websocket §7)', () => {
  it('replays the first answer, also within one commit, and tells nobody again', async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const store = openStore(join(folder.path, 'arc.sqlite3'), clock);
    let told = 0;
    store.onCommit(({ messages, changes }) => {
      told += messages.length + changes.length;
    });
    const claim = {
      kind: 'claim' as const,
      key: 'k',
      owner: 'ana',
      task_message_id: null,
      thread_id: null,
      ttl_sec: 60,
      metadata_json: '{}',
    };
    const [first, second] = await Promise.all([
      store.write('acquire', claim, key('one')),
      store.write('acquire', claim, key('one')),
    ]);
    await clock.advance(30_000);
    const third = await store.write('acquire', claim, key('one'));
    expect([first.replayed, second.replayed, third.replayed]).toEqual([false, true, true]);
    expect(third.outcome).toEqual(first.outcome);
    expect(told).toBe(1);
    const post = await store.write('post', message(), key('two'));
    expect(await store.write('post', message(), key('two'))).toEqual({ outcome: post.outcome, replayed: true });
    await expect(store.write('post', message({ body: 'y' }), key('two', 'g'))).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await store.knows(key('two'))).toBe(true);
    expect(await store.knows(key('three'))).toBe(false);
    await store.close();
  });

  it('is not used up by a write that fails', async () => {
    using folder = tempFolder();
    const store = openStore(join(folder.path, 'arc.sqlite3'));
    await expect(store.write('post', message({ channel: 'nowhere' }), key('k'))).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect((await store.write('post', message(), key('k'))).replayed).toBe(false);
    await store.close();
  });

  it('lives at least a day', async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const store = openStore(join(folder.path, 'arc.sqlite3'), clock);
    const sweep = () => store.write('sweep', { presence_ttl_sec: 120, touches: [] });
    await store.write('post', message(), key('k'));
    await clock.advance(24 * 3_600_000);
    await sweep();
    expect((await store.write('post', message(), key('k'))).replayed).toBe(true);
    await clock.advance(30 * 24 * 3_600_000);
    await sweep();
    expect(await store.knows(key('k'))).toBe(false);
    await store.close();
  });
});

describe('opening a file', () => {
  const versionOf = (path: string) => {
    const db = new Database(path, { readonly: true });
    const version = db.prepare('SELECT max(version) FROM arc_hub_schema').pluck().get();
    db.close();
    return version;
  };

  it('makes a new one with the two channels (arc-v1 §3.1)', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'new', 'deeper', 'arc.sqlite3');
    const store = openStore(path);
    expect((await store.channels()).map(({ name, created_by }) => [name, created_by])).toEqual([
      ['direct', 'system'],
      ['general', 'system'],
    ]);
    await store.close();
    expect(versionOf(path)).toBe(MIGRATIONS.length);
    const again = openStore(path, new FakeClock('2030-01-01T00:00:00Z'));
    expect(again.instance_id).toBe(store.instance_id);
    await again.close();
  });

  it("counts what another hub's file holds, and goes on counting what it writes (arc-v1 §3.8)", async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const other = new Database(path);
    other.exec(FOREIGN_SCHEMA);
    const insert = other.prepare(
      `INSERT INTO messages (ts, from_agent, channel, kind, body, thread_id) VALUES ('2026-01-01T00:00:00Z', 'a', 'old', ?, 'x', 't')`,
    );
    for (const kind of ['chat', 'artifact', 'task', 'status_update']) insert.run(kind);
    other.exec(`INSERT INTO tasks VALUES (3, NULL, 'room', 't', 'open', '2026-01-01T00:00:00Z', NULL)`);
    const store = openStore(path);
    expect(await store.threads('2026-01-01T00:00:00Z')).toMatchObject([
      {
        thread_id: 't',
        channel: 'room',
        root_task_id: 3,
        latest_message_id: 4,
        latest_artifact_id: 2,
        message_count: 4,
        total_task_count: 1,
        open_task_count: 1,
      },
    ]);
    insert.run('chat');
    other.exec(`UPDATE tasks SET status = 'done', completed_at = '2026-01-01T00:00:01Z'`);
    expect(await store.threads('2026-01-01T00:00:00Z')).toMatchObject([
      { latest_message_id: 5, message_count: 5, open_task_count: 0 },
    ]);
    other.close();
    await store.close();
  });

  it('answers repeats of claims and locks that an older version has done', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const older = new Database(path);
    older.exec('CREATE TABLE arc_hub_schema (version INTEGER PRIMARY KEY); INSERT INTO arc_hub_schema VALUES (1)');
    older.exec(ARC_V1_SCHEMA + MIGRATIONS[0]);
    const claim = {
      claim_key: 'k',
      thread_id: 't',
      task_message_id: 7,
      owner_agent_id: 'ana',
      claimed_at: '2026-01-01T00:00:00Z',
      expires_at: '2026-01-01T00:05:00Z',
      released_at: null,
      metadata_json: '{}',
    };
    const put = older.prepare(
      `INSERT INTO arc_hub_keys (agent_id, key, fingerprint, answer, created_ms) VALUES ('ana', ?, 'f', ?, 0)`,
    );
    put.run('taken', JSON.stringify({ acquired: true, claim }));
    put.run('released', JSON.stringify({ ...claim, released_at: '2026-01-01T00:01:00Z' }));
    put.run('post', '42');
    older.close();
    const store = openStore(path);
    const lease = { kind: 'claim' as const, key: 'k', owner: 'ana' };
    const row = {
      ...lease,
      since: '2026-01-01T00:00:00Z',
      expires_at: '2026-01-01T00:05:00Z',
      released_at: null,
      thread_id: 't',
      task_message_id: 7,
      metadata_json: '{}',
    };
    const wish = { ...lease, thread_id: 't', task_message_id: 7, ttl_sec: 300, metadata_json: '{}' };
    const taken = await store.write('acquire', wish, key('taken'));
    expect(taken).toEqual({ outcome: { acquired: true, lease: row }, replayed: true });
    const released = await store.write('release', { ...lease, force: false }, key('released'));
    expect(released).toEqual({ outcome: { ...row, released_at: '2026-01-01T00:01:00Z' }, replayed: true });
    await store.close();
  });

  it('refuses one of a newer version, and leaves it as it is', () => {
    using folder = tempFolder();
    const path = join(folder.path, 'arc.sqlite3');
    const db = new Database(path);
    db.exec(`CREATE TABLE arc_hub_schema (version INTEGER PRIMARY KEY); INSERT INTO arc_hub_schema VALUES (999)`);
    db.close();
    const before = readFileSync(path);
    expect(() => openStore(path)).toThrow(ConfigError);
    expect(() => openStore(path)).toThrow(/made by a newer Arc Hub \(schema 999/);
    const after = new Database(path, { readonly: true });
    expect(after.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['arc_hub_schema']);
    after.close();
    expect(readFileSync(path).length).toBe(before.length);
  });
});
