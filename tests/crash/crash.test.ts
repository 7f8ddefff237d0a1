/**
 * kill -9 in the middle of a burst: what was acknowledged is there after the restart, once and as acknowledged; what was
 * not is there at most once, however often it is sent again (websocket §7, arc-v1 §12 B12, C4).
 *
 * The moment of each crash, and what is said until then, are drawn by a seeded generator whose seed is in the test's name.
 * `CRASH_SEED=… CRASH_ROUNDS=…` draw the same again, but what happens within a moment is the machine's affair.
 */
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { HttpClient } from '../support/http-client.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { RawSocket } from '../support/raw-socket.js';
import { seeded } from '../support/seeded.js';

type Row = Record<string, unknown>;

const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 3);
const CLIENTS_PER_DOOR = 10;
/** The hub is killed with between one and so many acknowledgements given. */
const MOST_BEFORE_CRASH = 1_500;
/** Requests that each WebSocket client keeps in flight; HTTP has one for each connection. */
const IN_FLIGHT = 8;

/** One thing asked of the hub, which may be asked again after the crash, by the same key. */
interface Ask {
  what: 'post' | 'claim';
  agent_id: string;
  idempotency_key: string;
  params: Row;
  /** What the hub acknowledged: the message or the claim. Absent when the crash came first. */
  acknowledged?: Row;
  /** The id of the message that the repeat after the crash answered with. */
  repeated_id?: unknown;
}

/** A client of one door: asks, and gives back the message or claim, and whether the hub had it already. */
interface Client {
  agent_id: string;
  lanes: number;
  ask(ask: Ask): Promise<{ value: Row; deduplicated: boolean | undefined }>;
  close(): Promise<void>;
}

async function socketClient(hub: HubProcess, agent_id: string): Promise<Client> {
  const socket = await RawSocket.open(hub.wsUrl, agent_id);
  return {
    agent_id,
    lanes: IN_FLIGHT,
    async ask({ what, idempotency_key, params }) {
      if (what === 'claim') {
        const answer = await socket.call<{ acquired: boolean; claim: Row }>('claims.acquire', {
          ...params,
          idempotency_key,
        });
        expect(answer.acquired).toBe(true);
        return { value: answer.claim, deduplicated: undefined };
      }
      const { deduplicated, ...message } = await socket.call<Row>('messages.post', { ...params, idempotency_key });
      return { value: message, deduplicated: deduplicated as boolean };
    },
    close: () => socket[Symbol.asyncDispose](),
  };
}

async function httpClient(hub: HubProcess, agent_id: string): Promise<Client> {
  const http = new HttpClient(hub.url);
  return {
    agent_id,
    lanes: 1,
    async ask({ what, idempotency_key, params }) {
      const headers = { 'idempotency-key': idempotency_key };
      const path = what === 'claim' ? '/v1/claims' : '/v1/messages';
      const body = what === 'claim' ? { ...params, owner_agent_id: agent_id } : { ...params, from_agent: agent_id };
      const answer = await http.call<Row>('POST', path, body, headers);
      if (!answer.body.ok) throw new Error(`${answer.status}: ${answer.body.error}`);
      if (what === 'claim') expect(answer.body.acquired).toBe(true);
      else expect(answer.status).toBe(answer.body.deduplicated ? 200 : 201);
      return { value: answer.body.result, deduplicated: answer.body.deduplicated };
    },
    close: async () => http[Symbol.dispose](),
  };
}

async function connectAll(hub: HubProcess): Promise<Client[]> {
  const numbers = Array.from({ length: CLIENTS_PER_DOOR }, (_, n) => n);
  return Promise.all([
    ...numbers.map((n) => socketClient(hub, `socket ${n}`)),
    ...numbers.map((n) => httpClient(hub, `http ${n}`)),
  ]);
}

/** The n-th ask of an agent in a round: mostly posts, some of them tasks, now and then a claim. */
function ask(random: () => number, round: number, agent_id: string, n: number): Ask {
  const name = `${round}/${agent_id}/${n}`;
  if (n % 10 === 9) {
    return { what: 'claim', agent_id, idempotency_key: `claim ${name}`, params: { claim_key: name, ttl_sec: 3600 } };
  }
  const body = `${name} ${'x'.repeat(Math.floor(random() ** 4 * 20_000))} ä🙂`;
  const params = {
    body,
    kind: n % 5 === 4 ? 'task' : 'chat',
    thread_id: `thread ${n % 7}`,
    metadata: { name, random: random() },
    attachments: n % 3 === 0 ? [{ type: 'text', content: name }] : [],
  };
  return { what: 'post', agent_id, idempotency_key: `post ${name}`, params };
}

/** Lets all clients ask as fast as they are answered, and kills the hub with the given number of acknowledgements. */
async function burstUntilCrash(hub: HubProcess, random: () => number, round: number, crashAt: number): Promise<Ask[]> {
  const clients = await connectAll(hub);
  const asks: Ask[] = [];
  let acknowledged = 0;
  let crash: Promise<void> | undefined;
  await Promise.all(
    clients.flatMap((client) => {
      let n = 0;
      return Array.from({ length: client.lanes }, async () => {
        while (crash === undefined) {
          const next = ask(random, round, client.agent_id, n++);
          asks.push(next);
          try {
            next.acknowledged = (await client.ask(next)).value;
          } catch (cause) {
            if (crash === undefined) throw cause;
            return; // the crash took the answer; whether the ask was stored nobody knows
          }
          if (++acknowledged >= crashAt) crash ??= hub.kill();
        }
      });
    }),
  );
  await crash;
  await Promise.all(clients.map((client) => client.close()));
  return asks;
}

async function readAll(hub: HubProcess): Promise<Row[]> {
  using http = new HttpClient(hub.url);
  const all: Row[] = [];
  for (;;) {
    const since_id = all.at(-1)?.id ?? 0;
    const page = await http.result<Row[]>('GET', `/v1/messages?channel=general&limit=500&since_id=${since_id}`);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Messages by the name that each of them carries; fails when one is there twice, or ids do not ascend. */
function byName(messages: readonly Row[]): Map<string, Row> {
  const found = new Map<string, Row>();
  let last = 0;
  for (const message of messages) {
    const name = String((message.metadata as Row).name);
    expect(found.has(name), `${name} is stored twice`).toBe(false);
    expect(message.id).toBeGreaterThan(last);
    last = message.id as number;
    found.set(name, message);
  }
  return found;
}

function nameOf({ params }: Ask): string {
  return String((params.metadata as Row).name);
}

async function checkClaims(hub: HubProcess, asks: readonly Ask[]): Promise<void> {
  using http = new HttpClient(hub.url);
  const rows = await http.result<Row[]>('GET', '/v1/claims?active_only=true');
  const held = new Map(rows.map((row) => [row.claim_key, row]));
  for (const { what, acknowledged, agent_id } of asks) {
    if (what !== 'claim' || acknowledged === undefined) continue;
    expect(held.get(acknowledged.claim_key)).toEqual(acknowledged);
    expect(acknowledged.owner_agent_id).toBe(agent_id);
  }
  const one = asks.find(({ what, acknowledged }) => what === 'claim' && acknowledged !== undefined)?.acknowledged;
  if (one === undefined) return;
  const denied = await http.call<Row>('POST', '/v1/claims', { claim_key: one.claim_key, owner_agent_id: 'a thief' });
  expect(denied.body).toMatchObject({ acquired: false, result: one });
}

/** Sends every ask again by its key, acknowledged before or not. */
async function askAgain(hub: HubProcess, asks: readonly Ask[]): Promise<void> {
  const clients = await connectAll(hub);
  await Promise.all(
    clients.map(async (client) => {
      for (const each of asks.filter(({ agent_id }) => agent_id === client.agent_id)) {
        const { value, deduplicated } = await client.ask(each);
        if (each.what === 'post') each.repeated_id = value.id;
        if (each.acknowledged === undefined) {
          if (each.what === 'claim') each.acknowledged = value;
          continue;
        }
        expect(value).toEqual(each.acknowledged);
        if (each.what === 'post') expect(deduplicated).toBe(true);
      }
    }),
  );
  await Promise.all(clients.map((client) => client.close()));
}

/** A task and its message are one: neither is there without the other (arc-v1 §12 C4). */
async function checkTasks(hub: HubProcess, messages: readonly Row[]): Promise<void> {
  using http = new HttpClient(hub.url);
  const tasks = await http.result<Row[]>('GET', '/v1/tasks');
  expect(tasks.map(({ task_id }) => task_id)).toEqual(
    messages.filter(({ kind }) => kind === 'task').map(({ id }) => id),
  );
}

describe('kill -9 during a burst from 20 clients', () => {
  it(`loses and repeats nothing, ${ROUNDS} times over (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    await using hub = await startHub();
    const all: Ask[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const crashAt = 1 + Math.floor(random() * MOST_BEFORE_CRASH);
      const asks = await burstUntilCrash(hub, random, round, crashAt);
      all.push(...asks);
      const restarted = performance.now();
      await hub.restart();
      const readyMs = performance.now() - restarted;

      const after = byName(await readAll(hub));
      for (const each of all.filter(({ what }) => what === 'post')) {
        const stored = after.get(nameOf(each));
        if (each.acknowledged !== undefined) expect(stored).toEqual(each.acknowledged);
        // Stored whole, or not at all.
        if (stored !== undefined) expect(stored).toMatchObject(each.params);
      }
      await checkTasks(hub, [...after.values()]);
      await checkClaims(hub, all);

      // Again by their keys: those whose answer was lost are made up for, the others create nothing. In the last round,
      // all that was ever asked.
      await askAgain(hub, round === ROUNDS ? all : asks);
      const made = byName(await readAll(hub));
      const posts = all.filter(({ what }) => what === 'post');
      expect(made.size).toBe(posts.length);
      for (const each of posts) {
        const stored = made.get(nameOf(each));
        expect(stored).toMatchObject({ ...each.params, id: each.repeated_id });
        const before = after.get(nameOf(each));
        if (before !== undefined) expect(stored).toEqual(before);
        each.acknowledged = stored as Row;
      }
      await checkTasks(hub, [...made.values()]);
      await checkClaims(hub, all);
      const lost = asks.filter(({ what }) => what === 'post').filter((each) => !after.has(nameOf(each)));
      console.log(
        `round ${round}: killed at ${crashAt} acknowledgements of ${asks.length} asks; ${lost.length} posts had not been stored; ready again in ${readyMs.toFixed(0)} ms`,
      );
    }
    expect(await hub.stop()).toBe(0);
    const db = new Database(hub.storage, { readonly: true });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  }, 300_000);
});
