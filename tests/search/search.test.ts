/** Finding messages by their words (websocket §8). */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient, type HubError, type Message } from '../../client/index.js';
import type { NewToken, SearchResult } from '../../protocol/index.js';
import { wordsOf } from '../../server/domain/rules/words.js';
import { message, openStore, tempFolder } from '../support/domain-hub.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';

const bodies = ({ hits }: SearchResult) => hits.map(({ message }) => message.body);
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (cause: HubError) => cause.code,
  );

describe('a search', () => {
  let inside: InProcessHub;
  let ana: HubClient;
  const post = (params: Record<string, unknown>) =>
    ana.request('messages.post', { from_agent: 'ana', ...params }) as Promise<Message>;
  beforeAll(async () => {
    inside = await startInProcess();
    ana = HubClient.overHttp(undefined, { baseUrl: inside.hub.url });
    await ana.request('channels.create', { name: 'build' });
    await post({ body: 'The parser is red again' });
    await post({ body: 'Parsing took 3 s', channel: 'build', kind: 'notice', thread_id: 'perf' });
    await post({ from_agent: 'ben', body: 'main is red', channel: 'build' });
    await post({ body: 'für Übergrößen: naïve café' });
    await post({ body: '今日は東京タワーに行きました' });
    const code_ = { type: 'code', language: 'ts', content: 'const handshake = 1;' };
    await post({ body: 'see', attachments: [code_, { type: 'json', content: { deep: ['needle'] } }] });
    await post({ body: 'a diff', attachments: [{ type: 'file_ref', path: 'src/auth.ts' }] });
    await post({ body: 'psst, a secret word', to_agent: 'ben' });
    await post({ body: `long ${'x '.repeat(500)} treasure \u001b[31m at the end` });
  });
  afterAll(async () => {
    await ana.close();
    await inside[Symbol.asyncDispose]();
  });

  it.each<[string, string[]]>([
    ['pars', ['Parsing took 3 s', 'The parser is red again']],
    ['"parser is"', ['The parser is red again']],
    ['"pars is"', []],
    ['red -parser', ['main is red']],
    ['-parser in:build', ['main is red', 'Parsing took 3 s']],
    ['from:ben', ['main is red']],
    ['-from:ana', ['main is red']],
    ['kind:notice', ['Parsing took 3 s']],
    ['thread:perf', ['Parsing took 3 s']],
    ['UBERGROßEN cafe', ['für Übergrößen: naïve café']],
    ['東京', ['今日は東京タワーに行きました']],
    ['京タ', ['今日は東京タワーに行きました']],
    ['京東', []],
    ['handsh', ['see']],
    ['needle', ['see']],
    ['has:code', ['see']],
    ['has:attachment', ['a diff', 'see']],
    ['auth.ts', ['a diff']],
    ['build red', ['main is red']],
    ['after:2999-01-01', []],
    ['red before:2000-01-01', []],
    ['to:ben', ['psst, a secret word']],
    ['"', []],
  ])('for %s', async (query, expected) => {
    const found = bodies(await ana.search(query));
    if (query === '"') expect(found).toHaveLength(9);
    else expect(found).toEqual(expected);
  });

  it('shows where it was found, harmless on a terminal', async () => {
    const [hit] = (await ana.search('treasure')).hits;
    expect(hit).toMatchObject({
      field: 'body',
      snippet: expect.stringMatching(/^….*\[\[treasure]] \[31m at the end$/),
    });
    expect((await ana.search('needle')).hits[0]).toMatchObject({
      field: 'attachments',
      snippet: expect.stringContaining('[[needle]]'),
    });
    expect((await ana.search('perf')).hits[0]).toMatchObject({ field: 'thread', snippet: '[[perf]]' });
    expect((await ana.search('café')).hits[0]?.snippet).toBe('für Übergrößen: naïve [[café]]');
  });

  it('goes on where a page ended', async () => {
    const first = await ana.search('red', { limit: 1 });
    expect([bodies(first), first.more]).toEqual([['main is red'], true]);
    const second = await ana.search('red', { limit: 1, before_id: first.hits[0]?.message.id });
    expect([bodies(second), second.more]).toEqual([['The parser is red again'], false]);
    expect(bodies(await ana.search('red', { since_id: first.hits[0]?.message.id }))).toEqual([]);
  });

  it('puts the best first when asked', async () => {
    await post({ body: 'zebra zebra zebra' });
    await post({ body: `zebra among ${'many other words '.repeat(40)}` });
    expect(bodies(await ana.search('zebra', { order: 'best' }))[0]).toBe('zebra zebra zebra');
    expect(bodies(await ana.search('zebra'))[0]).toContain('zebra among');
  });

  it('finds a message from its commit on', async () => {
    for (let i = 0; i < 20; i++) {
      await post({ body: `fresh${i}` });
      expect(bodies(await ana.search(`fresh${i}`))).toEqual([`fresh${i}`]);
    }
  });

  it('takes the fields of an agent, a channel, a thread', async () => {
    expect(bodies(await ana.search('red', { from_agent: 'ben' }))).toEqual(['main is red']);
    expect(bodies(await ana.search('', { thread_id: 'perf' }))).toEqual(['Parsing took 3 s']);
    expect(bodies(await ana.search('red', { channel: 'build' }))).toEqual(['main is red']);
    expect(bodies(await ana.search('secret', { agent_id: 'cleo' }))).toEqual([]);
    expect(bodies(await ana.search('secret', { agent_id: 'ben' }))).toEqual(['psst, a secret word']);
    const rest = await fetch(`${inside.hub.url}/v1/search?query=red&limit=1&channel=build`);
    expect(await rest.json()).toMatchObject({ ok: true, result: { hits: [{ field: 'body' }], more: false } });
  });

  it('refuses a limit, an order and a query that are none', async () => {
    const ask = async (query: string) => (await fetch(`${inside.hub.url}/v1/search?${query}`)).json();
    expect(await ask('limit=101')).toMatchObject({ error: 'limit must be from 1 to 100' });
    expect(await ask('order=worst')).toMatchObject({ error: "order must be 'newest' or 'best'" });
    expect(await ask(`query=${'x'.repeat(1_001)}`)).toMatchObject({ error: 'query must be 1000 characters or fewer' });
  });

  it('is never a mistake of whoever types', async () => {
    const typed = fc.string({ unit: 'grapheme', maxLength: 40 });
    const pieces = fc.constantFrom(
      '"',
      '*',
      '-',
      'from:',
      'AND',
      'NEAR(',
      '^',
      ':',
      "'",
      '--',
      '(',
      'after:',
      '\u0000',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(typed, pieces), { maxLength: 6 }), async (parts) => {
        await ana.search(parts.join(' ').slice(0, 200), { limit: 1 });
      }),
      { numRuns: 150 },
    );
  });
});

describe('what a search shows', () => {
  it('is what the caller may read, decided before the page is cut', async () => {
    await using inside = await startInProcess({ auth: 'required' });
    await using operator = HubClient.overHttp(undefined, { baseUrl: inside.hub.url, token: inside.ownToken() });
    const issue = (params: Record<string, unknown>) => operator.request('tokens.issue', params) as Promise<NewToken>;
    const as = async (params: Record<string, unknown>, agent?: string) =>
      HubClient.overHttp(agent, { baseUrl: inside.hub.url, token: (await issue(params)).token });
    for (const name of ['shown', 'hidden']) await operator.request('channels.create', { name });
    const say = (params: Record<string, unknown>) =>
      operator.request('messages.post', { from_agent: 'someone', ...params });
    await say({ body: 'word 1', channel: 'shown' });
    await say({ body: 'word 2', to_agent: 'ana' });
    await say({ body: 'word 3', to_agent: 'ci-7', from_agent: 'ana' });
    for (let i = 0; i < 30; i++) await say({ body: 'word hidden', channel: 'hidden' });
    for (let i = 0; i < 30; i++) await say({ body: 'word for ben', to_agent: 'ben' });
    await say({ body: 'word for the operator', to_agent: 'operator' });
    const seen = async (client: HubClient) => bodies(await client.search('word', { limit: 5 }));
    expect(await seen(await as({ names: ['ana'], channels: ['shown'] }, 'ana'))).toEqual([
      'word 3',
      'word 2',
      'word 1',
    ]);
    expect(await seen(await as({ role: 'relay', names: ['ci-*'], channels: ['shown'] }))).toEqual(['word 3', 'word 1']);
    expect(await seen(await as({ names: ['o*'], channels: ['shown'] }))).toEqual(['word 1']);
    expect(await seen(await as({ role: 'observer', channels: ['shown'] }))).toEqual(['word 1']);
    const [newest] = await seen(operator);
    expect(newest).toBe('word for the operator');
    const ana = await as({ names: ['ana'], channels: ['shown'] }, 'ana');
    expect(await code(ana.search('word', { channel: 'hidden' }))).toBe('not_found');
    expect(bodies(await ana.search('word in:hidden'))).toEqual([]);
    expect(await code(ana.search('word', { agent_id: 'ben' }))).toBe('forbidden');
  });
});

describe('the index', () => {
  it('finds what a plain look at every message finds, in mixed scripts', async () => {
    using folder = tempFolder();
    const store = openStore(`${folder.path}/arc.sqlite3`);
    const parts = [
      'red',
      'Redis',
      'parser',
      'für',
      'FUR',
      '東京',
      '京都',
      'naïve',
      'naive',
      'a',
      '한국',
      'x_y',
      'тест',
      '🙂',
    ];
    let at = 7;
    const next = (count: number) => {
      at = (at * 1_103_515_245 + 12_345) % 2_147_483_648;
      return at % count;
    };
    const texts = Array.from({ length: 3_000 }, () =>
      Array.from({ length: 1 + next(6) }, () => parts[next(parts.length)]).join(next(2) === 0 ? ' ' : ', '),
    );
    await Promise.all(texts.map((body) => store.write('post', message({ body }))));
    const { parseQuery } = await import('../../server/domain/rules/search-query.js');
    const none = { from: [], to: [], in: [], thread: [], kind: [], has: [] };
    const sight = { channels: undefined, parties: [] };
    for (const typed of [
      're',
      'red',
      '"red parser"',
      'fur -naive',
      '京',
      '東京 한',
      'x_y',
      'тес',
      'naive red',
      '🙂',
      '-red',
    ]) {
      const query = parseQuery(typed);
      const page = {
        query,
        given: none,
        sight,
        since_id: 0,
        before_id: undefined,
        limit: 5_000,
        order: 'newest' as const,
      };
      const { rows, isWhole } = await store.search(page);
      const fits = (text: string) => {
        const words = [...wordsOf(text)].map(({ word }) => word);
        const has = (wanted: readonly string[], isPrefix: boolean) =>
          words.some((_, from) =>
            wanted.every((word, n) => {
              const found = words[from + n] ?? '';
              return isPrefix && n === wanted.length - 1 ? found.startsWith(word) : found === word;
            }),
          );
        return (
          query.terms.every(({ words: wanted, isPrefix }) => has(wanted, isPrefix)) &&
          !query.without.some(({ words: wanted, isPrefix }) => has(wanted, isPrefix))
        );
      };
      const expected = texts.flatMap((text, index) => (fits(text) ? [index + 1] : [])).reverse();
      expect([typed, isWhole, rows.map(({ id }) => id)]).toEqual([typed, true, expected]);
    }
    await store.close();
  });

  it('takes in what was there before it, and what another hub writes', async () => {
    using folder = tempFolder();
    const path = `${folder.path}/arc.sqlite3`;
    const other = openStore(path);
    await other.write('post', message({ body: 'written before' }));
    const store = openStore(path);
    const { parseQuery } = await import('../../server/domain/rules/search-query.js');
    const none = { from: [], to: [], in: [], thread: [], kind: [], has: [] };
    const find = async (typed: string) => {
      const sight = { channels: undefined, parties: [] };
      const page = { given: none, sight, since_id: 0, before_id: undefined, limit: 10, order: 'newest' as const };
      return (await store.search({ query: parseQuery(typed), ...page })).rows.map(({ body }) => body);
    };
    expect(await find('written')).toEqual(['written before']);
    await other.write('post', message({ body: 'written beside' }));
    expect(await find('written')).toEqual(['written beside', 'written before']);
    await Promise.all([store.close(), other.close()]);
  });

  it('can be switched off', async () => {
    await using inside = await startInProcess({ no_search: true });
    await using client = HubClient.overHttp('ana', { baseUrl: inside.hub.url });
    await client.post('general', Buffer.from('hello').toString());
    expect(await code(client.search('hello'))).toBe('unavailable');
  });
});
