import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ARC_V1_INDEXES,
  ARC_V1_SCHEMA,
  ARC_V1_TABLES,
  type ArcV1File,
  EXACT_NUMBERS,
  instanceId,
  writeArcV1File,
} from '../fixtures/arc-v1-file.js';
import { HttpClient } from '../support/http-client.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { OtherHub } from '../support/other-hub.js';
import { NO_PYTHON, PYTHON } from '../support/python.js';

type Row = Record<string, unknown>;

/** What other hubs rely on in a file: their tables, column for column, their indexes, and two numbers of its header. */
function readShape(path: string) {
  const db = new Database(path, { readonly: true });
  try {
    return {
      columns: Object.fromEntries(ARC_V1_TABLES.map((table) => [table, db.pragma(`table_info(${table})`)])),
      tables: db
        .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        .all()
        .filter(({ name }) => (ARC_V1_TABLES as readonly string[]).includes(name)),
      indexes: Object.fromEntries(ARC_V1_INDEXES.map((index) => [index, db.pragma(`index_xinfo(${index})`)])),
      user_version: db.pragma('user_version', { simple: true }),
      application_id: db.pragma('application_id', { simple: true }),
      encoding: db.pragma('encoding', { simple: true }),
      journal_mode: db.pragma('journal_mode', { simple: true }),
    };
  } finally {
    db.close();
  }
}

function query<Result = Row>(path: string, sql: string): Result[] {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare<[], Result>(sql).all();
  } finally {
    db.close();
  }
}

describe('the id of the data (arc-v1 §3.8)', () => {
  it('follows the vector of the contract', () => {
    expect(instanceId('/srv/arc/arc.sqlite3', '2026-01-02T03:04:05Z')).toBe('mh1-5a3b0aee2a99c2b75258');
  });
});

// One file, one hub, and tests that read before the last ones write: in the order written.
describe.sequential('a file made by another Arc v1 hub (arc-v1 §3.8)', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'arc-v1-file-')));
  const path = join(folder, 'made by another.sqlite3');
  let file: ArcV1File;
  let before: ReturnType<typeof readShape>;
  let hub: HubProcess;
  let http: HttpClient;

  beforeAll(async () => {
    file = writeArcV1File(path);
    before = readShape(path);
    hub = await startHub({ storage: path });
    http = new HttpClient(hub.url);
  });
  afterAll(async () => {
    http?.[Symbol.dispose]();
    await hub?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('opens, keeping the id of its data', async () => {
    expect(hub.instance_id).toBe(file.instance_id);
    const info = await http.call<Row>('GET', '/v1/hub-info');
    expect(info.headers['x-arc-instance']).toBe(file.instance_id);
    expect(info.body.result).toMatchObject({ instance_id: file.instance_id, storage_path: path, wal_mode: true });
  });

  it('ends no session at start (arc-v1 §5.1)', () => {
    expect(query(path, 'SELECT agent_id FROM sessions WHERE active = 1 ORDER BY agent_id')).toEqual([
      { agent_id: 'ana' },
      { agent_id: 'sleeper' },
      { agent_id: 'twin' },
      { agent_id: 'twin' },
    ]);
  });

  it('serves its channels, and adds the one that is missing', async () => {
    const channels = await http.result<Row[]>('GET', '/v1/channels');
    const direct = channels.find(({ name }) => name === 'direct');
    expect(direct).toMatchObject({ created_by: 'system', metadata: {} });
    expect(channels.filter((channel) => channel !== direct)).toEqual(file.channels);
    expect(channels.map(({ name }) => name)).toEqual(
      channels
        .map(({ name }) => String(name))
        .toSorted((a, b) => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'))),
    );
  });

  it('serves its messages, of dropped kinds too', async () => {
    const visibleTo = (agent: string) =>
      file.messages.filter(({ to_agent }) => to_agent === null || to_agent === agent);
    expect(await http.result('GET', '/v1/events?agent_id=nobody&limit=500')).toEqual(visibleTo('nobody'));
    expect(await http.result('GET', '/v1/events?agent_id=ben&limit=500')).toEqual(visibleTo('ben'));
    const inbox = (agent: string) => file.messages.filter(({ to_agent }) => to_agent === agent);
    expect(await http.result('GET', '/v1/inbox/ben')).toEqual(inbox('ben'));
    expect(await http.result('GET', '/v1/inbox/ana')).toEqual(inbox('ana'));
    expect(await http.result('GET', '/v1/messages?channel=zoo')).toEqual(
      file.messages.filter(({ channel, to_agent }) => channel === 'zoo' && to_agent === null),
    );
    expect(await http.result('GET', '/v1/messages?thread_id=my%20/+thread')).toEqual(
      file.messages.filter(({ thread_id, to_agent }) => thread_id === 'my / thread' && to_agent === null),
    );
    // Its label is on messages, but there is no such channel.
    expect(await http.call('GET', '/v1/messages?channel=never+made')).toMatchObject({
      status: 404,
      body: { ok: false, error: 'channel not found' },
    });
  });

  it('gives numbers in free-form JSON back digit for digit (arc-v1 §2.4)', async () => {
    const numbers = EXACT_NUMBERS.map((number) => number.replace('.', '\\.')).join(',\\s*');
    const list = new RegExp(`\\[\\s*${numbers}\\s*\\]`);
    expect((await http.call('GET', '/v1/events?agent_id=nobody&limit=500')).text).toMatch(list);
    expect((await http.call('GET', '/v1/channels')).text).toMatch(list);
  });

  it('gives integers beyond 2^53 back as they are stored (arc-v1 §2.5)', async () => {
    const { text } = await http.call('GET', '/v1/events?agent_id=nobody&limit=500');
    expect(text.match(/"reply_to":\s*-?\d+/g)).toEqual([
      '"reply_to":9007199254740993',
      '"reply_to":-9223372036854775808',
      '"reply_to":-5',
    ]);
    expect((await http.call('GET', '/v1/claims')).text).toMatch(/"task_message_id":\s*9007199254740993\b/);
  });

  it('serves its claims and locks in the order in which they were taken', async () => {
    expect(await http.result('GET', '/v1/claims')).toEqual(file.claims);
    const active = ({ released_at, expires_at }: Row) => released_at === null && String(expires_at) > file.now;
    expect(await http.result('GET', '/v1/claims?active_only=true')).toEqual(file.claims.filter(active));
    expect(await http.result('GET', '/v1/claims?thread_id=my+/+thread')).toEqual(
      file.claims.filter(({ thread_id }) => thread_id === 'my / thread'),
    );
    expect(await http.result('GET', '/v1/locks')).toEqual(file.locks);
    expect(await http.result('GET', '/v1/locks?active_only=1&agent_id=ana')).toEqual(
      file.locks.filter((row) => active(row) && row.agent_id === 'ana'),
    );
  });

  it('serves its tasks, the orphan too', async () => {
    expect(await http.result('GET', '/v1/tasks')).toEqual(file.tasks);
    expect(await http.result('GET', '/v1/tasks?status=open')).toEqual(
      file.tasks.filter(({ status }) => status === 'open'),
    );
    expect(await http.result('GET', '/v1/tasks?parent_id=20')).toEqual(
      file.tasks.filter(({ parent_task_id }) => parent_task_id === 20),
    );
    expect(await http.result('GET', '/v1/tasks?channel=direct')).toEqual(
      file.tasks.filter(({ channel }) => channel === 'direct'),
    );
  });

  const mine = {
    thread_id: 'my / thread',
    channel: 'zoo',
    root_task_id: 20,
    latest_message_id: 24,
    latest_artifact_id: 23,
    message_count: 6,
    total_task_count: 3,
    open_task_count: 2,
    active_claim_count: 2,
    active_lock_count: 1,
    status: 'open',
  };
  const quiet = {
    root_task_id: null,
    latest_artifact_id: null,
    total_task_count: 0,
    open_task_count: 0,
    active_claim_count: 0,
    active_lock_count: 0,
    status: 'waiting',
  };
  const spoken = { ...quiet, channel: 'general', message_count: 1 };
  const silent = { ...quiet, latest_message_id: null, latest_message_ts: null, message_count: 0 };

  it('lists its threads, known from messages, tasks or claims (arc-v1 §3.7)', async () => {
    const threads = await http.result<Row[]>('GET', '/v1/threads');
    expect(threads).toMatchObject([
      { ...spoken, thread_id: 'between us', channel: 'a label only', latest_message_id: 34 },
      { ...spoken, thread_id: 'ünï 🙂', latest_message_id: 33 },
      { ...spoken, thread_id: '100%', latest_message_id: 32 },
      { ...spoken, thread_id: '42', latest_message_id: 31 },
      { ...spoken, thread_id: '', latest_message_id: 30 },
      mine,
      { ...silent, thread_id: 'only a task', channel: 'zoo', total_task_count: 1, status: 'completed' },
      { ...silent, thread_id: 'only a claim', channel: null },
    ]);
    for (const { latest_message_id, latest_message_ts } of threads) {
      const latest = file.messages.find(({ id }) => id === latest_message_id);
      expect(latest_message_ts).toBe(latest?.ts ?? null);
    }
  });

  it('finds each thread by its encoded id, one known only by a lock too (arc-v1 §4.12)', async () => {
    const open = (id: string) => http.result<Record<string, unknown>>('GET', `/v1/threads/${encodeURIComponent(id)}`);
    const inThread = (rows: Row[], id: string) => rows.filter(({ thread_id }) => thread_id === id);
    for (const id of ['my / thread', 'between us', 'ünï 🙂', '100%', '42', 'only a task', 'only a claim']) {
      expect(await open(id), id).toMatchObject({
        thread: { thread_id: id },
        messages: inThread(file.messages, id),
        tasks: inThread(file.tasks, id),
        claims: inThread(file.claims, id),
        locks: id === 'my / thread' ? [{ file_path: 'src/a b.ts' }] : [],
      });
    }
    expect(await open('only a lock')).toEqual({
      thread: { ...silent, thread_id: 'only a lock', channel: null, active_lock_count: 1, status: 'open' },
      messages: [],
      tasks: [],
      claims: [],
      locks: [file.locks.find(({ file_path }) => file_path === 'only.ts')],
    });
    expect(await http.call('GET', '/v1/threads/none')).toMatchObject({
      status: 404,
      body: { error: 'thread not found' },
    });
  });

  it('ends the session that has been silent for long, and gives its work back (arc-v1 §5.3, §12 A1)', async () => {
    const agents = await http.result<Row[]>('GET', '/v1/agents');
    // Reading in an agent's name is a sign of life of it (arc-v1 §12 A8).
    const unseen = ({ last_seen: _, ...row }: Row) => row;
    const live = file.sessions.filter(({ active, agent_id }) => active === true && agent_id !== 'sleeper');
    // Of two active rows of one agent the newer counts; whether the older is listed too is left open here.
    const [ana, ...twins] = agents.map(unseen);
    expect(ana).toEqual(unseen(live[0] ?? {}));
    expect(twins).toContainEqual(unseen(live[2] ?? {}));
    for (const twin of twins) expect(live.map(unseen)).toContainEqual(twin);

    const notices = await http.result<Row[]>('GET', `/v1/events?agent_id=nobody&since_id=${file.next_message_id - 1}`);
    expect(notices).toMatchObject([
      {
        id: file.next_message_id,
        from_agent: 'system',
        kind: 'notice',
        to_agent: null,
        body: "Recovered stale claim the sleeper's from sleeper. Work is available for pickup.",
        channel: 'zoo',
        thread_id: 'my / thread',
        reply_to: 21,
        metadata: { recovery: true, stale_agent_id: 'sleeper', claim_key: "the sleeper's", task_message_id: 21 },
      },
      {
        body: "Recovered stale lock on the sleeper's.ts from sleeper. The file is available for pickup.",
        channel: 'never made',
        thread_id: "nobody's",
        reply_to: null,
        metadata: { recovery: true, stale_agent_id: 'sleeper', file_path: "the sleeper's.ts" },
      },
    ]);
    expect(notices).toHaveLength(2);
    await http.result('GET', '/v1/agents');
    expect(await http.result('GET', `/v1/events?agent_id=nobody&since_id=${file.next_message_id + 1}`)).toEqual([]);
    const released = (await http.result<Row[]>('GET', '/v1/claims')).find(
      ({ owner_agent_id }) => owner_agent_id === 'sleeper',
    );
    expect(released?.released_at).toMatch(/Z$/);
  });

  it('goes on from the state it finds', async () => {
    // A lease over or released may be taken; one that is held may not, and its holder is named.
    const claim = (claim_key: string) => http.call<Row>('POST', '/v1/claims', { claim_key, owner_agent_id: 'new' });
    expect(await claim('expired')).toMatchObject({
      status: 201,
      body: { acquired: true, result: { owner_agent_id: 'new' } },
    });
    expect(await claim('released')).toMatchObject({ status: 201, body: { acquired: true } });
    expect(await claim('for ever')).toMatchObject({
      status: 200,
      body: { acquired: false, result: { owner_agent_id: 'ana' } },
    });
    expect(await claim('nul\u0000key')).toMatchObject({ status: 200, body: { acquired: false } });

    // The last open child completes its parent, whatever kind the other children were.
    expect(await http.call('POST', '/v1/tasks/21/complete')).toMatchObject({
      status: 200,
      body: { parent_completed: true },
    });
    const result = { from_agent: 'ben', kind: 'task_result', reply_to: 22, body: 'again' };
    expect(await http.call('POST', '/v1/messages', result)).toMatchObject({
      status: 201,
      body: { result: { metadata: {} } },
    });
    expect(await http.call('POST', '/v1/messages', { from_agent: 'x', body: 'x', kind: 'code_review' })).toMatchObject({
      status: 400,
      body: { error: 'unsupported kind: code_review' },
    });

    // Every active row of the agent, both of the twins, takes the new name (arc-v1 §4.2).
    await http.result('POST', '/v1/sessions/twin/rename', { display_name: 'Castor' });
    expect(query(path, "SELECT display_name FROM sessions WHERE agent_id = 'twin'")).toEqual([
      { display_name: 'Castor' },
      { display_name: 'Castor' },
    ]);
  });

  it.skipIf(PYTHON === undefined)(
    `stays open to another hub while it is served${PYTHON === undefined ? ` (${NO_PYTHON})` : ''}`,
    async () => {
      await using other = await OtherHub.start(path);
      console.log(`the other hub has SQLite ${other.sqlite_version}`);
      await other.run('channel', 'made elsewhere');
      const { result: id } = await other.run<number>('post', 'py', 'hello', 'ana', 'direct');
      const { result: session_id } = await other.run<string>('open_session', 'py');
      expect((await other.run('claim', 'expired long ago', 'py')).result).toBe(true);
      expect((await other.run('claim', 'for ever', 'py')).result).toBe(false);
      await other.run('lock', 'py.ts', 'py');
      const { result: task_id } = await other.run<number>('task', 'py', 'do');

      const find = async (path: string, row: Row) =>
        expect(await http.result<Row[]>('GET', path)).toContainEqual(expect.objectContaining(row));
      await find('/v1/channels', { name: 'made elsewhere', metadata: { made: 'elsewhere' } });
      await find('/v1/inbox/ana', { id, body: 'hello' });
      await find('/v1/agents', { session_id, capabilities: ['sql'] });
      await find('/v1/claims', { claim_key: 'expired long ago', owner_agent_id: 'py' });
      await find('/v1/locks', { file_path: 'py.ts' });
      await find('/v1/tasks', { task_id, status: 'open' });
      for (const table of ARC_V1_TABLES) {
        expect((await other.run<Row[]>('rows', table)).result.length, table).toBeGreaterThan(0);
      }
    },
  );

  it('is still the file it was, for hubs that know only the six tables', async () => {
    expect(await hub.stop()).toBe(0);
    expect(readShape(path)).toEqual(before);
    expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);

    const db = new Database(path);
    try {
      db.pragma('foreign_keys = OFF');
      db.exec(ARC_V1_SCHEMA);
      for (const [table, width] of [
        ['channels', 4],
        ['sessions', 8],
        ['claims', 8],
        ['locks', 6],
      ] as const) {
        const values = Array.from({ length: width }, () => 'plain');
        db.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(values);
      }
      db.prepare('INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?)').run(999, 998, 'c', 't', 'open', 'plain', null);
    } finally {
      db.close();
    }
    expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('asks for no SQL that SQLite 3.35 lacks in what runs inside other writers (tables, triggers, views)', () => {
    const newer =
      /\bstrict\b|->|\bunixepoch\s*\(|\bsubsec|\bis\s+(not\s+)?distinct\s+from\b|\b(string_agg|concat|concat_ws|octet_length|timediff|jsonb\w*)\s*\(|\b(full|right)\s+join\b/i;
    const ours = query<{ name: string; type: string; sql: string | null }>(
      path,
      'SELECT name, type, sql FROM sqlite_master',
    );
    expect(ours.filter(({ sql }) => newer.test(sql ?? ''))).toEqual([]);
    // A virtual table would need its module in the other process too, if a trigger wrote to it.
    const virtual = ours.filter(({ sql }) => /create\s+virtual\s+table/i.test(sql ?? '')).map(({ name }) => name);
    for (const trigger of ours.filter(({ type }) => type === 'trigger')) {
      expect(virtual.filter((name) => trigger.sql?.includes(name))).toEqual([]);
    }
  });
});

describe('a file reached by another path (arc-v1 §3.8)', () => {
  it('keeps the id of its resolved path', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'arc-v1-link-')));
    try {
      const file = writeArcV1File(join(folder, 'arc.sqlite3'));
      symlinkSync('arc.sqlite3', join(folder, 'link.sqlite3'));
      await using hub = await startHub({ storage: join(folder, 'link.sqlite3') });
      expect(hub.instance_id).toBe(file.instance_id);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('that is new gets an id by the same rule, and keeps it over a restart', async () => {
    await using hub = await startHub();
    const id = hub.instance_id;
    const [general] = query<{ created_at: string }>(
      hub.storage,
      "SELECT created_at FROM channels WHERE name = 'general'",
    );
    expect(id).toBe(instanceId(realpathSync(hub.storage), general?.created_at ?? ''));
    await hub.restart();
    expect(hub.instance_id).toBe(id);
    expect(readShape(hub.storage)).toMatchObject({ user_version: 0, application_id: 0, journal_mode: 'wal' });
  });
});
