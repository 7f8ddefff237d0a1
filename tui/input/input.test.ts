import { describe, expect, it } from 'vitest';
import { ALWAYS, ANYWHERE } from '../app/anywhere.js';
import { COMMANDS, findCommand, parseCommand } from '../commands/table.js';
import { PANES } from '../panes/table.js';
import { reduce } from '../state/reduce.js';
import { message, session, stateAfter, task } from '../testing/make.js';
import { KEY_GROUPS } from '../windows/table.js';
import { completions } from './completion.js';
import { backspace, deleteWord, editorOf, insert, layout, left, vertical, wordLeft } from './editor.js';
import { keyLabel, rowOf } from './keys.js';

describe('the editor', () => {
  it('moves and deletes by what a person sees as one letter', () => {
    expect(backspace(editorOf('a日')).text).toBe('a');
    expect(backspace(editorOf('e\u0301')).text).toBe('');
    expect(left(editorOf('ab🙂')).cursor).toBe(2);
    expect(deleteWord(editorOf('one two ')).text).toBe('one ');
    expect(wordLeft(editorOf('one two')).cursor).toBe(4);
  });

  it('keeps the column on the way up and down, and leaves at both ends', () => {
    const text = editorOf('long line\nab\nother');
    const up = vertical(text, -1);
    expect(up?.cursor).toBe('long line\nab'.length);
    expect(vertical({ text: 'ab\ncd', cursor: 1 }, 1)?.cursor).toBe(4);
    expect(vertical({ text: 'ab', cursor: 1 }, 1)).toBeUndefined();
  });

  it('lays long lines out in rows with the cursor in its place', () => {
    expect(layout(editorOf('abcdef'), 4)).toEqual({ rows: ['abcd', 'ef'], row: 1, column: 2 });
    expect(layout(editorOf('日本語'), 4)).toEqual({ rows: ['日本', '語'], row: 1, column: 2 });
    expect(layout(editorOf('abcd'), 4)).toMatchObject({ row: 1, column: 0 });
    expect(layout(insert(editorOf('a'), '\n'), 4)).toEqual({ rows: ['a', ''], row: 1, column: 0 });
    expect(layout(editorOf('a\tb'), 8)).toMatchObject({ rows: ['a  b'], column: 4 });
  });
});

describe('slash commands', () => {
  it('are found whatever their case, by name and by alias', () => {
    expect(findCommand('DM')?.name).toBe('dm');
    expect(findCommand('Exit')?.name).toBe('quit');
  });

  it('are refused when they are not known: a mistyped command is never posted', () => {
    const parsed = parseCommand('/chanel general');
    expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining('Did you mean /channels?') });
  });

  it('take words, quoted words, and the rest over several lines', () => {
    expect(parseCommand('/dm ana hello\nthere')).toMatchObject({ ok: true, args: ['ana', 'hello\nthere'] });
    expect(parseCommand('/dm "agent \\"x\\" one" hi')).toMatchObject({ ok: true, args: ['agent "x" one', 'hi'] });
    expect(parseCommand('/channel my channel')).toMatchObject({ ok: true, args: ['my channel'] });
    expect(parseCommand('/dm')).toMatchObject({ ok: false, error: 'usage: /dm <agent> [text]' });
  });

  it('have unique names', () => {
    const names = COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('keys', () => {
  it('mean one thing in each place', () => {
    const all = KEY_GROUPS.flatMap(({ name, keys }) => keys.flatMap((row) => row.keys.map((key) => `${name} ${key}`)));
    expect(new Set(all).size).toBe(all.length);
    // What works always would hide what a pane or a window does with it.
    const elsewhere = KEY_GROUPS.filter(({ keys }) => keys !== ALWAYS);
    for (const key of ALWAYS.flatMap(({ keys }) => keys))
      expect(elsewhere.filter(({ keys }) => rowOf(keys, key) !== undefined)).toEqual([]);
  });

  it('of every pane and window say how they are left', () => {
    for (const { name, keys } of KEY_GROUPS.slice(2)) {
      const closes = rowOf(keys, 'escape') ?? rowOf(ANYWHERE, 'escape');
      expect(closes?.summary, name).toContain('close');
    }
    expect(Object.values(PANES).every(({ keys }) => rowOf(keys, '?') !== undefined)).toBe(true);
  });

  it('are written as keyboards name them', () => {
    expect(keyLabel('ctrl+p')).toBe('Ctrl+P');
    expect(keyLabel('shift+up')).toBe('Shift+↑');
  });
});

describe('completion', () => {
  const complete = (text: string) => {
    const agents = [session('ana'), session('ben', { display_name: 'Benedict' }), session('operator')];
    const state = stateAfter({ type: 'agents', agents }, { type: 'input', input: editorOf(text) });
    return completions(state).items.map(({ label, insert: inserted }) => [label, inserted]);
  };

  it('offers commands after a slash, with a space where they take more', () => {
    expect(complete('/chan')).toEqual([
      ['/channels', '/channels'],
      ['/channel', '/channel '],
    ]);
  });

  it('offers what an argument can be', () => {
    expect(complete('/channel b')).toEqual([['build', 'build']]);
    expect(complete('/dm a')).toEqual([['ana', 'ana ']]);
    expect(complete('/filter kind=task_')).toEqual([
      ['task_request', 'kind=task_request'],
      ['task_result', 'kind=task_result'],
    ]);
    expect(complete('/network o')).toEqual([
      ['on', 'on'],
      ['off', 'off'],
    ]);
  });

  it('offers what is open, held and said, with what tells one from another', () => {
    const lease = { claimed_at: '', released_at: null, metadata: {}, task_message_id: null, thread_id: null };
    const lock = { locked_at: '', expires_at: '', released_at: null, metadata: {} };
    const state = stateAfter(
      {
        type: 'messages',
        messages: [message(7, { thread_id: 'the plan' }), message(8, { kind: 'task', body: 'Do it' })],
      },
      { type: 'messages', messages: [message(9, { kind: 'task_request', to_agent: 'operator', body: 'May I?' })] },
      { type: 'tasks', tasks: [task(8), task(6, { status: 'done' })] },
      { type: 'claims', claims: [{ ...lease, claim_key: 'build', owner_agent_id: 'ana', expires_at: '' }] },
      { type: 'locks', locks: [{ ...lock, file_path: 'src/a b.ts', agent_id: 'ben' }] },
    );
    const offered = (text: string) =>
      completions(reduce(state, { type: 'input', input: editorOf(text) })).items.map(
        ({ insert: inserted, hint }) => `${inserted}|${hint}`,
      );
    expect(offered('/thread the')).toEqual(['"the plan"|waiting, 1 message']);
    expect(offered('/release b')).toEqual(['build|held by ana']);
    expect(offered('/unlock ')).toEqual(['"src/a b.ts"|held by ben']);
    expect(offered('/complete ')).toEqual(['8|Do it']);
    expect(offered('/answer ')).toEqual(['9 |ana: May I?']);
    expect(offered('/jump ')).toEqual(['9|ana: May I?', '8|ana: Do it', '7|ana: message 7']);
    expect(offered('/reply 7')).toEqual(['7 |ana: message 7']);
    expect(offered('/post ar')).toEqual(['artifact |']);
    expect(offered('/bell no')).toEqual(['notice|']);
    expect(offered('/filter ')).toEqual(['off|', 'agent=|', 'kind=|']);
  });

  it('offers agents after @, in texts of commands too, by display name too', () => {
    expect(complete('hello @be')).toEqual([['ben', '@ben ']]);
    expect(complete('/dm ana tell @Bene')).toEqual([['ben', '@ben ']]);
    expect(complete('mail me@be')).toEqual([]);
  });
});
