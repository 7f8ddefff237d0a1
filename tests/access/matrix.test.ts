/** Every operation by every kind of caller at every door (identity §1–§4). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startRelay } from '../../cli/relay/in-hub.js';
import { HubClient } from '../../client/index.js';
import { MAY, type NewToken, OPERATIONS, type Operation, type Role } from '../../protocol/index.js';
import type { RelayHost } from '../../relay/host.js';
import { loadConfig } from '../../server/config.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';

/** Who comes, by the token that is shown; undefined shows none. */
interface Visitor {
  readonly token: string | undefined;
  readonly role: Role | 'stranger';
  /** Of its own. */
  readonly name: string;
  /** That it may use. */
  readonly channel: string;
}

type Params = Readonly<Record<string, unknown>>;
/** The hub's code for the call; `ok` when it got past who may. */
type Door = (hub: InProcessHub, visitor: Visitor, operation: Operation, params: Params) => Promise<string>;

let hub: InProcessHub;
let relay: RelayHost | undefined;
const spool = mkdtempSync(join(tmpdir(), 'arc-matrix-'));
const visitors = new Map<string, Visitor>();

const GATE = new Set(['unauthorized', 'forbidden']);
/** What is wrong with the content is no matter of who asks. */
const verdict = (code: string | undefined) => (code !== undefined && GATE.has(code) ? code : 'ok');

const DOORS: Readonly<Record<string, Door>> = {
  async WebSocket({ wsUrl }, { token }, { name }, params) {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(wsUrl, 'arc.v1', { headers });
    try {
      return await new Promise<string>((resolve, reject) => {
        socket.once('unexpected-response', (_, answer) => resolve(verdict(String(answer.headers['x-arc-error']))));
        socket.once('error', reject);
        socket.once('open', () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: name, params })));
        socket.on('message', (data) => {
          const frame = JSON.parse(String(data)) as { id?: number; error?: { data: { code: string } } };
          if (frame.id === 1) resolve(verdict(frame.error?.data.code));
        });
      });
    } finally {
      socket.terminate();
    }
  },

  async HTTP({ hub: { url } }, { token }, { rest }, params) {
    if (rest === undefined) return 'none';
    const fields: Record<string, unknown> = { ...params };
    const path = rest.path.replace(/\{(\w+)(:int)?\}/g, (_, field: string) => {
      const value = encodeURIComponent(String(fields[field] ?? 1));
      delete fields[field];
      return value;
    });
    const inQuery = rest.method === 'GET' || rest.method === 'DELETE';
    const query = inQuery
      ? `?${new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, String(value)]))}`
      : '';
    const gone = new AbortController();
    const answer = await fetch(`${url}${path}${query}`, {
      method: rest.method,
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      signal: gone.signal,
      ...(!inQuery && { body: JSON.stringify(fields) }),
    });
    // A stream goes on until it is left.
    gone.abort();
    return verdict(answer.headers.get('x-arc-error') ?? undefined);
  },

  async client({ hub: { url } }, { token, name: agent }, operation, params) {
    if (operation.kind === 'connection' || operation.pushes === true) return 'none';
    // An empty token would be looked for elsewhere.
    await using client = HubClient.overHttp(agent, { baseUrl: url, token: token ?? 'none' });
    return await code(client.request(operation.name, params));
  },
};

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (cause: { code?: string }) => verdict(cause.code),
  );

/** What a call of the operation needs to say of who acts and where. */
function paramsOf({ actor = [], channels, name, rest }: Operation, who: string, channel: string): Params {
  const params: Record<string, unknown> = Object.fromEntries(actor.map((field) => [field, who]));
  // Of something that is not there.
  for (const [, field = '', int] of rest?.path.matchAll(/\{(\w+)(:int)?\}/g) ?? []) {
    params[field] ??= int === undefined && field !== 'task_id' ? 'nothing' : 999_999;
  }
  if (name === 'hub.shutdown.start') return { delay_sec: 3_600 };
  if (name === 'channels.create') return { ...params, name: channel };
  if (name === 'events.subscribe') return { ...params, channels: [channel] };
  if (name === 'events.stream') return { ...params, channels: channel };
  if (channels !== undefined) return { ...params, channel };
  return params;
}

/** What the one table says. */
function expected({ access }: Operation, { role }: Visitor): string {
  if (role === 'stranger') return 'unauthorized';
  return MAY[access].includes(role) ? 'ok' : 'forbidden';
}

const rows = Object.values(OPERATIONS).map((row): Operation => row);

beforeAll(async () => {
  hub = await startInProcess({ auth: 'required', spool_dir: spool });
  relay = await startRelay(
    hub.hub,
    loadConfig({ spool_dir: spool }),
    { watch: 'auto', retentionSec: undefined, bindAgents: false, sharing: 'owner' },
    { info: () => undefined, warn: () => undefined, error: console.error },
  );
  const own = hub.ownToken();
  await using operator = HubClient.overHttp(undefined, { baseUrl: hub.hub.url, token: own });
  for (const name of ['build', 'secret']) await operator.createChannel(name);
  const issue = (params: Parameters<typeof operator.issueToken>[0]) => operator.issueToken(params);
  const add = (label: string, role: Visitor['role'], token: string | undefined, name: string, channel = 'general') =>
    visitors.set(label, { token, role, name, channel });
  const made = async (label: string, role: Role, name: string, params: object = {}): Promise<NewToken> => {
    const token = await issue({
      role,
      ...(role === 'observer' || role === 'operator' ? {} : { names: [name] }),
      ...params,
    });
    add(label, role, token.token, name);
    return token;
  };
  add('the operator', 'operator', own, 'op');
  await made('an agent', 'agent', 'ana');
  await made('an observer', 'observer', 'screen');
  await made('a relay', 'relay', 'box');
  const robots = await issue({ names: ['ci-*'] });
  add('an agent of a pattern', 'agent', robots.token, 'ci-7');
  const narrow = await issue({ names: ['ben'], channels: ['build'] });
  add('an agent of some channels', 'agent', narrow.token, 'ben', 'build');
  const revoked = await issue({ names: ['gone'] });
  await operator.revokeToken(revoked.id);
  add('somebody whose token was revoked', 'stranger', revoked.token, 'gone');
  const expired = await issue({ names: ['late'], expires_in_sec: 0 });
  add('somebody whose token has expired', 'stranger', expired.token, 'late');
  add('somebody with a wrong secret', 'stranger', `${robots.token.slice(0, 16)}${'x'.repeat(43)}`, 'ci-7');
  add('somebody with what is no token', 'stranger', 'hunter2', 'ana');
  add('somebody without a token', 'stranger', undefined, 'ana');
});
afterAll(async () => {
  await relay?.stop();
  await hub[Symbol.asyncDispose]();
  rmSync(spool, { recursive: true, force: true });
});

const LABELS = [
  'the operator',
  'an agent',
  'an observer',
  'a relay',
  'an agent of a pattern',
  'an agent of some channels',
  'somebody whose token was revoked',
  'somebody whose token has expired',
  'somebody with a wrong secret',
  'somebody with what is no token',
  'somebody without a token',
];

describe.each(Object.entries(DOORS))('over %s', (_, door) => {
  it.each(LABELS)('%s may do what the table says, and nothing else', async (label) => {
    const visitor = visitors.get(label) as Visitor;
    const told: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const operation of rows) {
      const outcome = await door(hub, visitor, operation, paramsOf(operation, visitor.name, visitor.channel));
      if (outcome === 'none') continue;
      told[operation.name] = outcome;
      wanted[operation.name] = expected(operation, visitor);
    }
    expect(Object.keys(told).length).toBeGreaterThan(30);
    expect(told).toEqual(wanted);
  });

  it.each(['an agent', 'a relay', 'an agent of a pattern', 'an agent of some channels'])(
    '%s acts under no name of another',
    async (label) => {
      const visitor = visitors.get(label) as Visitor;
      const let_in: string[] = [];
      for (const operation of rows.filter(({ actor, access }) => actor !== undefined && access !== 'keep')) {
        const outcome = await door(hub, visitor, operation, paramsOf(operation, 'cleo', visitor.channel));
        if (outcome !== 'forbidden' && outcome !== 'none') let_in.push(operation.name);
      }
      expect(let_in).toEqual([]);
    },
  );
});

describe('in a folder of the relay', () => {
  it('an agent may do what an agent may, and nothing else', async () => {
    await using ana = HubClient.overRelay('ana', { spoolDir: spool });
    const told: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const operation of rows.filter(({ rest, kind }) => rest !== undefined && kind !== 'stream')) {
      told[operation.name] = await code(ana.request(operation.name, paramsOf(operation, 'ana', 'general')));
      wanted[operation.name] = MAY[operation.access].includes('agent') ? 'ok' : 'forbidden';
    }
    expect(told).toEqual(wanted);
    expect(await code(ana.request('messages.post', { from_agent: 'ben', body: 'x' }))).toBe('forbidden');
  });
});

/** Must hold whatever the table says. */
const CELLS: readonly (readonly [who: string, operation: keyof typeof OPERATIONS, params: Params, verdict: string])[] =
  [
    ['an agent', 'inbox.list', { agent_id: 'ben' }, 'forbidden'],
    ['an agent', 'inbox.list', { agent_id: 'ana' }, 'ok'],
    ['an agent', 'events.list', { agent_id: 'ben' }, 'forbidden'],
    ['an agent', 'events.list', { agent_id: 'ana' }, 'ok'],
    ['an agent', 'bootstrap', { agent_id: 'ben' }, 'forbidden'],
    ['an agent', 'sessions.open', { agent_id: 'ben', replace: true }, 'forbidden'],
    ['an agent', 'sessions.open', { agent_id: 'system' }, 'forbidden'],
    ['an agent', 'sessions.open', { agent_id: 'operator' }, 'forbidden'],
    ['an agent', 'messages.post', { from_agent: 'system', body: 'x' }, 'forbidden'],
    ['an agent', 'messages.post', { from_agent: 'ana', body: 'x' }, 'ok'],
    ['an agent', 'claims.release', { agent_id: 'ana', claim_key: 'k', force: true }, 'forbidden'],
    ['an agent', 'locks.release', { agent_id: 'ana', file_path: 'f', force: true }, 'forbidden'],
    ['an agent', 'hub.network', { allow_remote: true }, 'forbidden'],
    ['an agent', 'hub.shutdown.start', {}, 'forbidden'],
    ['an agent', 'hub.shutdown.cancel', {}, 'forbidden'],
    ['an agent', 'tokens.issue', { names: ['eve'] }, 'forbidden'],
    ['an agent', 'tokens.list', {}, 'forbidden'],
    ['an agent', 'tokens.revoke', { id: 'x' }, 'forbidden'],
    ['an agent', 'audit.list', {}, 'forbidden'],
    ['an agent', 'tokens.whoami', {}, 'ok'],
    ['an agent of a pattern', 'messages.post', { from_agent: 'ci-9', body: 'x' }, 'ok'],
    ['an agent of a pattern', 'messages.post', { from_agent: 'ci', body: 'x' }, 'forbidden'],
    ['an agent of a pattern', 'messages.post', { from_agent: 'operator', body: 'x' }, 'forbidden'],
    ['an agent of some channels', 'messages.post', { from_agent: 'ben', channel: 'secret', body: 'x' }, 'forbidden'],
    ['an agent of some channels', 'messages.post', { from_agent: 'ben', body: 'x' }, 'forbidden'],
    ['an agent of some channels', 'messages.post', { from_agent: 'ben', to_agent: 'ana', body: 'x' }, 'ok'],
    ['an agent of some channels', 'channels.create', { created_by: 'ben', name: 'mine' }, 'forbidden'],
    ['an observer', 'messages.post', { from_agent: 'screen', body: 'x' }, 'forbidden'],
    ['an observer', 'inbox.list', { agent_id: 'screen' }, 'forbidden'],
    ['an observer', 'events.ack', { agent_id: 'screen', since_id: 0 }, 'forbidden'],
    ['an observer', 'claims.acquire', { owner_agent_id: 'screen', claim_key: 'k' }, 'forbidden'],
    ['an observer', 'tasks.complete', { task_id: 1 }, 'forbidden'],
    ['an observer', 'threads.list', {}, 'ok'],
    ['an observer', 'hub.stats', {}, 'ok'],
    ['a relay', 'hub.stats', {}, 'forbidden'],
    ['a relay', 'messages.post', { from_agent: 'ana', body: 'x' }, 'forbidden'],
    ['the operator', 'messages.post', { from_agent: 'ana', body: 'x' }, 'ok'],
    ['the operator', 'audit.list', {}, 'ok'],
    ['somebody without a token', 'hub.info', {}, 'unauthorized'],
    ['somebody whose token was revoked', 'messages.list', {}, 'unauthorized'],
  ];

describe('whatever the table says', () => {
  it('are 40 cells', () => expect(CELLS).toHaveLength(40));

  it.each(CELLS)('%s and %s %j: %s', async (label, name, params, wanted) => {
    const visitor = visitors.get(label) as Visitor;
    const operation: Operation = OPERATIONS[name];
    for (const [door, call] of Object.entries(DOORS)) {
      const outcome = await call(hub, visitor, operation, params);
      if (outcome !== 'none') expect([door, outcome]).toEqual([door, wanted]);
    }
  });
});
