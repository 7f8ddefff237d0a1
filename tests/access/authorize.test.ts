/** What a caller of each role may do, asked in the hub's own process (identity §4). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAY, OPERATIONS, type Operation, type Role } from '../../protocol/index.js';
import { authorize } from '../../server/access/authorize.js';
import { anybody, type Caller, type Grant, type NameSet } from '../../server/access/caller.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';

const signal = new AbortController().signal;
const names = (has: (name: string) => boolean, only?: string): NameSet => ({
  has,
  only,
  whole: only === undefined ? [] : [only],
  prefixes: [],
});
const caller = (role: Role, whose: NameSet | undefined): Caller => ({ ...anybody('local'), role, names: whose });

const GRANT: Grant = {
  id: 'abcdefghij',
  label: '',
  role: 'operator',
  names: undefined,
  channels: undefined,
  expires_at: null,
  given: [],
  ended: signal,
};
const OPERATOR = anybody('local');
const ANA = caller(
  'agent',
  names((name) => name === 'ana', 'ana'),
);
const ROBOTS = caller(
  'agent',
  names((name) => name.startsWith('ci-')),
);
const OBSERVER = caller(
  'observer',
  names(() => false),
);

describe('a caller of the role', () => {
  const roles: readonly Role[] = ['observer', 'agent', 'relay', 'operator'];
  const rows = Object.values(OPERATIONS).map((row): Operation => row);
  it.each(roles)('%s may do what the table says, and nothing else', (role) => {
    const whoever: Caller = { ...caller(role, undefined), grant: GRANT };
    const may = rows.filter((row) => {
      try {
        authorize(whoever, row, {}, { any: false, guards: () => false });
        return true;
      } catch (cause) {
        expect(cause).toMatchObject({ code: 'forbidden', message: expect.stringContaining(role) });
        return false;
      }
    });
    expect(may).toEqual(rows.filter(({ access }) => MAY[access].includes(role)));
    expect(may.some(({ name }) => name === 'tokens.issue')).toBe(role === 'operator');
    expect(may.some(({ name }) => name === 'messages.post')).toBe(role !== 'observer');
    expect(may.some(({ name }) => name === 'hub.shutdown.start')).toBe(role === 'operator');
    expect(may.some(({ name }) => name === 'threads.get')).toBe(true);
  });
});

describe('at a hub', () => {
  let inside: InProcessHub;
  let direct: { id: number };
  const as =
    (who: Caller) =>
    <T = unknown>(name: string, params: Record<string, unknown> = {}) =>
      inside.hub.local.connect(who).call(name, params, signal) as Promise<T>;

  beforeAll(async () => {
    inside = await startInProcess();
  });
  afterAll(() => inside[Symbol.asyncDispose]());
  beforeEach(async () => {
    const post = { from_agent: 'ben', thread_id: 'talk', body: 'to all' };
    await as(OPERATOR)('messages.post', post);
    direct = await as(OPERATOR)('messages.post', { ...post, to_agent: 'ana', body: 'for ana' });
  });

  it.each<[string, Caller, string, Record<string, unknown>]>([
    ['an agent speak as another', ANA, 'messages.post', { from_agent: 'ben', body: 'x' }],
    ['an agent sign in as another', ANA, 'sessions.open', { agent_id: 'ben' }],
    ['an agent read the inbox of another', ANA, 'inbox.list', { agent_id: 'ben' }],
    ['an agent see what another sees', ANA, 'events.list', { agent_id: 'ben' }],
    ['an agent have pushed to it what another gets', ANA, 'events.subscribe', { agent_id: 'ben' }],
    ['a set of names speak as one outside of it', ROBOTS, 'messages.post', { from_agent: 'ana', body: 'x' }],
    ['a set of names have every direct message pushed', ROBOTS, 'events.subscribe', { include_direct: true }],
    ['an agent free what another holds', ANA, 'locks.release', { file_path: 'a', force: true }],
    ['an agent steer the hub', ANA, 'hub.network', { allow_remote: false }],
    ['somebody who has not said who it is keep tokens', OPERATOR, 'tokens.list', {}],
    ['somebody who has not said who it is read the audit', OPERATOR, 'audit.list', {}],
    ['an observer speak', OBSERVER, 'messages.post', { from_agent: 'ana', body: 'x' }],
    ['an observer read an inbox', OBSERVER, 'inbox.list', { agent_id: 'ana' }],
    ['an observer move a cursor', OBSERVER, 'events.ack', { agent_id: 'ana', since_id: 0 }],
  ])('does not let %s', async (_, who, name, params) => {
    await expect(as(who)(name, params)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('says no before it says what is wrong with the question', async () => {
    const wrong = { from_agent: 'ana', kind: 'no kind', parent_task_id: 12_345, colour: 'red' };
    await expect(as(OBSERVER)('messages.post', wrong)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as(OPERATOR)('messages.post', wrong)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('takes an agent for itself where it names nobody', async () => {
    expect(await as(ANA)('messages.post', { body: 'mine' })).toMatchObject({ from_agent: 'ana' });
    expect(await as(ANA)('inbox.list')).toContainEqual(expect.objectContaining({ id: direct.id }));
    await expect(as(ROBOTS)('messages.post', { body: 'whose?' })).rejects.toMatchObject({ code: 'bad_request' });
    expect(await as(ROBOTS)('messages.post', { from_agent: 'ci-1', body: 'x' })).toMatchObject({ from_agent: 'ci-1' });
  });

  it('shows a direct message to those whom it is from or for, and to an operator', async () => {
    const bodies = async (who: Caller) => {
      const { messages } = await as(who)<{ messages: { body: string }[] }>('threads.get', { thread_id: 'talk' });
      return new Set(messages.map(({ body }) => body));
    };
    for (const who of [ANA, OPERATOR]) {
      expect(await as(who)('messages.get', { id: direct.id })).toMatchObject({ body: 'for ana' });
      expect(await bodies(who)).toEqual(new Set(['to all', 'for ana']));
    }
    for (const who of [ROBOTS, OBSERVER]) {
      await expect(as(who)('messages.get', { id: direct.id })).rejects.toMatchObject({ code: 'not_found' });
      expect(await bodies(who)).toEqual(new Set(['to all']));
    }
  });

  it('shows an observer all broadcasts and no direct message, whomever it names', async () => {
    const list = await as(OBSERVER)<{ body: string }[]>('events.list', { agent_id: 'ana' });
    const bodies = list.map(({ body }) => body);
    expect(bodies).toContain('to all');
    expect(bodies).not.toContain('for ana');
    await as(OPERATOR)('sessions.open', { agent_id: 'seen', replace: true });
    const before = await as(OBSERVER)<{ session: unknown }>('bootstrap', { agent_id: 'seen' });
    expect(before.session).toMatchObject({ agent_id: 'seen' });
  });

  it('lets a session be closed by those who may act as its agent', async () => {
    const open = () => as(OPERATOR)<{ session_id: string }>('sessions.open', { agent_id: 'ana', replace: true });
    const { session_id } = await open();
    await expect(as(ROBOTS)('sessions.close', { session_id })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as(OBSERVER)('sessions.close', { session_id })).rejects.toMatchObject({ code: 'forbidden' });
    expect(await as(ANA)('sessions.close', { session_id })).toMatchObject({ deleted: true });
    const { session_id: again } = await open();
    expect(await as(OPERATOR)('sessions.close', { session_id: again })).toMatchObject({ deleted: true });
  });
});
