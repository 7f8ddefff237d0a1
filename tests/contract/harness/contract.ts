/**
 * Cases of the contract: each is written once, cites the rules that it proves, and runs on every door it can run on.
 *
 *     export const cases = [
 *       everyDoor(['arc-v1 §4.7-1'], 'lists channels by name', async ({ join }) => { … }),
 *       onDoors(['http'], ['arc-v1 §2.3-1'], 'answers 404 …', async ({ http }) => { … }),
 *     ];
 */
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient } from '../../support/http-client.js';
import { type HubOptions, type HubProcess, startHub } from '../../support/hub-process.js';
import { type Answer, type Caller, openDoor, type Params, Refusal, type SocketCaller } from './doors.js';
import { DOORS, type DoorName, type Place } from './rule.js';

export type { Answer, Caller, SocketCaller };

export interface Context {
  readonly hub: HubProcess;
  readonly door: DoorName;
  /** A plain HTTP client for what happens beside the door under test. */
  readonly http: HttpClient;
  /** A name that no other case uses. */
  name(base: string): string;
  /** Signs in an agent of that name (made unique) at the door; closed when the case ends. */
  join<D extends Caller = Caller>(base: string, session?: Params): Promise<D>;
  /** Someone at the door who has not signed in; acts as `agent_id` where one is given, taken as it is. */
  visit<D extends Caller = Caller>(agent_id?: string): Promise<D>;
  /** A new channel. */
  channel(base?: string): Promise<string>;
  /** All rows that operations can write, as one text: equal before and after what must leave no trace. */
  stored(): string;
  /** Runs a query on the hub's own file, read only. */
  rows(sql: string, ...values: unknown[]): Answer[];
  /** Disposed of, newest first, when the case ends. */
  use<T extends Disposable | AsyncDisposable>(resource: T): T;
}

export interface Case {
  readonly title: string;
  readonly rules: readonly string[];
  readonly places: readonly Place[];
  readonly run: (context: Context) => Promise<void>;
  /** Options of a hub of its own; without, it shares the file's hub. */
  readonly own?: HubOptions | undefined;
}

type Run = Case['run'];

export const everyDoor = (rules: readonly string[], title: string, run: Run): Case => ({
  title,
  rules,
  places: DOORS,
  run,
});
export const onDoors = (places: readonly Place[], rules: readonly string[], title: string, run: Run): Case => ({
  title,
  rules,
  places,
  run,
});
/** The same case on a hub of its own. */
export const ownHub = (each: Case, own: HubOptions = {}): Case => ({ ...each, own });

/** Some cases start ten processes, one after the other, on a loaded machine; only a failure uses this up. */
const PATIENCE_MS = 120_000;

/**
 * Declares the tests of a file: its cases on each door, against one hub, in the order given.
 *
 * @param options those of the hub; `together` runs all at once, for cases that spend their time waiting
 */
export function prove(
  what: string,
  cases: readonly Case[],
  { together = false, ...options }: HubOptions & { together?: boolean } = {},
): void {
  describe(what, () => {
    let shared: HubProcess;
    beforeAll(async () => {
      shared = await startHub(options);
    });
    afterAll(() => shared?.[Symbol.asyncDispose]());
    for (const place of [...DOORS, 'command'] as const) {
      const here = cases.filter(({ places }) => places.includes(place));
      if (here.length === 0) continue;
      const group = together ? describe.concurrent : describe;
      group(place, () => {
        for (const each of here) {
          it(
            `${each.title} (${each.rules.join(', ')})`,
            async () => {
              if (each.own === undefined) return runOn(shared, place, each);
              await using hub = await startHub(each.own);
              await runOn(hub, place, each);
            },
            PATIENCE_MS,
          );
        }
      });
    }
  });
}

let cases = 0;

async function runOn(hub: HubProcess, place: Place, { run }: Case): Promise<void> {
  await using stack = new Leavings();
  const door = place === 'command' ? 'http' : place;
  const suffix = `${++cases}`;
  const http = stack.use(new HttpClient(hub.url));
  let db: Database.Database | undefined;
  const open = () => {
    if (db === undefined) {
      const opened = new Database(hub.storage, { readonly: true });
      stack.use({ [Symbol.dispose]: () => void opened.close() });
      db = opened;
    }
    return db;
  };
  const name = (base: string) => `${base}-${door}-${suffix}`;
  const enter = async (agent_id?: string, session?: Params) =>
    stack.use(await openDoor(door, hub, agent_id, session)) as never;
  await run({
    hub,
    door,
    http,
    name,
    join: (base, session = {}) => enter(name(base), session),
    visit: (agent_id) => enter(agent_id),
    channel: async (base = 'room') => {
      const channel = name(base);
      await http.result('POST', '/v1/channels', { name: channel });
      return channel;
    },
    stored: () => JSON.stringify(STORED.map((sql) => open().prepare(sql).all())),
    rows: (sql, ...values) =>
      open()
        .prepare(sql)
        .all(...values),
    use: (resource) => stack.use(resource),
  });
}

/** What a case leaves open, closed in the opposite order. */
class Leavings implements AsyncDisposable {
  readonly #resources: (Disposable | AsyncDisposable)[] = [];

  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.#resources.push(resource);
    return resource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#resources.reverse()) {
      if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
      else resource[Symbol.dispose]();
    }
  }
}

const STORED = [
  'SELECT count(*), max(id) FROM messages',
  'SELECT name, created_by, metadata_json FROM channels ORDER BY name',
  'SELECT session_id, display_name, active FROM sessions ORDER BY session_id',
  'SELECT * FROM claims ORDER BY claim_key',
  'SELECT * FROM locks ORDER BY file_path',
  'SELECT * FROM tasks ORDER BY task_id',
  'SELECT count(*) FROM arc_hub_keys',
  'SELECT * FROM arc_hub_cursors ORDER BY agent_id',
];

export interface Expected {
  code?: string;
  status?: number;
  error?: string | RegExp;
  details?: unknown;
}

/** Expects the call to be refused, with what is given of code, status and text. */
export async function refused(call: Promise<unknown>, expected: Expected): Promise<Refusal> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (cause: unknown) => ({ cause }),
  );
  if (!('cause' in outcome))
    throw new Error(`expected a refusal, got ${JSON.stringify(outcome.answer)?.slice(0, 500)}`);
  const { cause } = outcome;
  if (!(cause instanceof Refusal)) throw cause;
  const { error, ...rest } = expected;
  expect({ code: cause.code, status: cause.status, details: cause.details, error: cause.error }).toMatchObject({
    ...rest,
    ...(error !== undefined && { error: error instanceof RegExp ? expect.stringMatching(error) : error }),
  });
  return cause;
}
