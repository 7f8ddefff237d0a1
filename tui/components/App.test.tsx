import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink-testing-library';
import { describe, expect, it } from 'vitest';
import { width } from '../../base/terminal-text.js';
import { editorOf } from '../input/editor.js';
import { line, span } from '../line.js';
import type { Action } from '../state/actions.js';
import { reduce } from '../state/reduce.js';
import { threadView } from '../state/view.js';
import { drawFrame, drawLines, drawText } from '../testing/frame.js';
import { many, message, NOW_MS, session, stateAfter, task } from '../testing/make.js';
import { createPaint } from '../theme.js';
import { Input } from './Input.js';
import { Lines } from './Lines.js';
import { Window } from './Window.js';

const SIZES = [
  [60, 16],
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

const paint = createPaint('dark', 'none');

const lease = { claimed_at: '2026-03-02T11:59:00Z', released_at: null, metadata: {}, task_message_id: null };
const busy: Action[] = [
  {
    type: 'messages',
    messages: [
      ...many(1, 30),
      message(31, { from_agent: 'ben', body: '日本語 🙂 é '.repeat(20), thread_id: 'plan' }),
      message(32, { kind: 'task', body: 'Do it all', thread_id: 'plan' }),
      message(33, {
        from_agent: 'ben',
        attachments: [
          { type: 'code', language: 'ts', content: 'const a = 1;\n'.repeat(30) },
          { type: 'json', content: { a: 1, b: [2] } },
          { type: 'file_ref', path: 'src/a.ts', start_line: 3, end_line: 9, description: 'here' },
          { type: 'diff_ref', path: 'src/b.ts', base: 'main', head: 'fix' },
        ],
      }),
    ],
  },
  { type: 'tasks', tasks: [task(32, { thread_id: 'plan' }), task(34, { parent_task_id: 32, thread_id: 'plan' })] },
  {
    type: 'claims',
    claims: [
      { ...lease, claim_key: 'build', thread_id: 'plan', owner_agent_id: 'ana', expires_at: '2026-03-02T12:03:00Z' },
    ],
  },
];

describe('the screen', () => {
  it.each(SIZES)('fills %i×%i exactly, with the input above the status line', (columns, rows) => {
    for (const focus of ['input', 'sidebar', 'feed', 'detail'] as const) {
      const lines = drawLines(stateAfter(...busy, { type: 'focus', pane: focus }), { columns, rows });
      expect(lines).toHaveLength(rows);
      for (const each of lines) expect(width(each)).toBeLessThanOrEqual(columns);
      expect(lines[0]).toContain('● connected');
      expect(lines.at(-2)).toContain('› Type a message');
      expect(lines.at(-1)).toContain('F1 help');
    }
  });

  it.each([
    [80, false],
    [120, true],
    [200, true],
  ])(
    'shows the pane on the right at %i columns where there is room, where it is asked for, and not where it is hidden',
    (columns, hasRoom) => {
      const shows = (...actions: Action[]) =>
        drawText(stateAfter(...busy, ...actions), { columns, rows: 24 }).includes('tasks 2 open');
      expect(shows()).toBe(hasRoom);
      expect(shows({ type: 'show-right', show: true })).toBe(true);
      expect(shows({ type: 'show-right', show: false })).toBe(false);
      // Keys never go to what cannot be seen.
      expect(shows({ type: 'show-right', show: false }, { type: 'focus', pane: 'detail' })).toBe(true);
    },
  );

  it.each(SIZES)('is the same at %i×%i whether Ink puts the lines in or the canvas does', (columns, rows) => {
    const size = { columns, rows };
    const states = [
      stateAfter(...busy),
      stateAfter(...busy, { type: 'focus', pane: 'detail' }),
      stateAfter(...busy, { type: 'overlay', overlay: { kind: 'help', scroll: 3 } }),
      stateAfter({ type: 'input', input: editorOf('/cha') }),
    ];
    const plain = (lines: string[]) => lines.map((each) => stripVTControlCharacters(each).trimEnd());
    for (const state of states) {
      const drawn = drawFrame(state, size, { depth: 'truecolor', canvas: true });
      expect(plain(drawn)).toEqual(plain(drawFrame(state, size, { depth: 'truecolor' })));
    }
  });

  it('keeps panes straight beside wide letters', () => {
    const lines = drawLines(stateAfter(...busy), { columns: 120, rows: 40 });
    const row = lines.find((each) => each.includes('日本語')) ?? '';
    const plain = lines[2] ?? '';
    const edge = (text: string) => width(text.slice(0, text.lastIndexOf('│')));
    expect(edge(row)).toBe(edge(plain));
  });

  it.each([
    [59, 16],
    [60, 15],
    [20, 5],
  ])('says at %i×%i that this is too small', (columns, rows) => {
    expect(drawText(stateAfter(), { columns, rows })).toContain('Too small');
  });

  it('shows tasks as a tree, and who holds what for how long', () => {
    const text = drawText(stateAfter(...busy, { type: 'view', view: threadView('plan') }), { columns: 160, rows: 40 });
    expect(text).toMatch(/○ 32 Do it all/);
    expect(text).toMatch(/ {2}○ 34/);
    expect(text).toMatch(/build +ana 60s, 3m left/);
    expect(text).toContain('thread plan');
  });

  it('says at once that the connection is lost', () => {
    const state = stateAfter(
      ...busy,
      { type: 'link', which: 'reader', state: 'lost' },
      { type: 'tick', nowMs: NOW_MS + 3_000 },
    );
    const text = drawText(state, { columns: 80, rows: 24 });
    expect(text).toContain('CONNECTION LOST, reconnecting for 3s');
    expect(text).toContain('message 33');
  });

  it('counts down to the shutdown', () => {
    const state = stateAfter({ type: 'shutdown', pending: { remaining_sec: 65, delay_sec: 90 } });
    expect(drawText(state, { columns: 80, rows: 24 })).toContain('SHUTDOWN in 1:05');
  });

  it('marks selection, presence and unread with more than colour', () => {
    let state = stateAfter(...busy, { type: 'view', view: threadView('plan') });
    state = reduce(state, { type: 'messages', messages: [message(40), message(41, { channel: 'build' })] });
    state = reduce(state, { type: 'focus', pane: 'feed' });
    state = reduce(state, { type: 'select', id: 32 });
    const text = drawText(state, { columns: 120, rows: 40 });
    expect(text).toMatch(/# general +1│/);
    expect(text).toMatch(/● ana +holds 1│/);
    expect(text).toMatch(/ {3}can plan +│/);
    expect(text).toMatch(/ {3}holds build +│/);
    expect(text).toMatch(/▸ \d\d:\d\d ana \[task\]/);
  });

  it('offers completions above the input', () => {
    const state = stateAfter({ type: 'input', input: editorOf('/cha') });
    const lines = drawLines(state, { columns: 80, rows: 24 });
    expect(lines.at(-5)).toContain('▸ /channels');
    expect(lines.at(-2)).toBe('› /cha');
  });

  it('uses no colour where there is none, and the same text in every depth and theme', () => {
    const state = stateAfter(...busy);
    const size = { columns: 100, rows: 30 };
    const plain = drawFrame(state, size);
    const colours = (text: string) => [...text.matchAll(/\u001b\[([\d;]*)m/g)].map(([, codes]) => codes ?? '');
    expect(colours(plain.join('')).some((codes) => /(^|;)(3[0-8]|9[0-7])(;|$)/.test(codes))).toBe(false);
    for (const depth of ['ansi16', 'ansi256', 'truecolor'] as const) {
      for (const theme of ['dark', 'light'] as const) {
        const drawn = drawFrame(state, size, { depth, theme });
        const strip = (lines: string[]) => lines.map((each) => each.replace(/\u001b\[[\d;]*m/g, '').trimEnd());
        expect(strip(drawn)).toEqual(strip(plain));
        const used = colours(drawn.join(''));
        if (depth === 'ansi16') expect(used.some((codes) => /38;[25]/.test(codes))).toBe(false);
        if (depth === 'ansi256') expect(used.some((codes) => codes.includes('38;5'))).toBe(true);
        if (depth === 'truecolor') expect(used.some((codes) => codes.includes('38;2'))).toBe(true);
      }
    }
  });
});

describe('text of agents', () => {
  const ESC = '\u001b';
  const hostile = [
    `${ESC}[2J${ESC}[H${ESC}[31mred`,
    `${ESC}]8;;http://evil.example${ESC}\\link${ESC}]8;;${ESC}\\`,
    `${ESC}]52;c;ZXZpbA==\u0007`,
    `${ESC}P1$r0m${ESC}\\${ESC}_apc${ESC}\\`,
    '\u202egnp.exe\u202c \u2066x\u2069',
    '👩\u200d👩\u200d👧 a\u200d\u200d\u200db',
    `z${'\u0301'.repeat(300)}`,
    '\u009b2J \u0007\b\b\r',
  ].join('\n');
  // A hub takes names of 1,024 characters; texts may be long.
  const evil = `${hostile}${'x'.repeat(500)}`;
  const long = `${hostile}\n${'x'.repeat(100_000)}\n${'日本'.repeat(20_000)}`;

  it.each(SIZES)('never acts on the terminal, wherever it stands, at %i×%i', (columns, rows) => {
    const everywhere = stateAfter(
      { type: 'agents', agents: [session(evil, { display_name: evil, capabilities: [evil] }), session('operator')] },
      {
        type: 'channels',
        channels: [evil, 'general'].map((name) => ({ name, created_at: '', created_by: null, metadata: {} })),
      },
      {
        type: 'messages',
        messages: [
          message(1, { body: long, from_agent: evil, channel: evil, thread_id: evil, kind: evil }),
          message(2, {
            to_agent: evil,
            kind: 'task_request',
            reply_to: 1,
            metadata: { [evil]: evil },
            attachments: [
              { type: 'code', language: evil, content: long },
              { type: 'code', language: 'ts', content: `const x = '${long}';` },
              { type: 'json', content: { [evil]: long } },
              { type: 'file_ref', path: evil, description: evil },
              { type: 'diff_ref', path: evil, base: evil, head: evil },
              { type: evil },
            ],
          }),
        ],
      },
      { type: 'tasks', tasks: [task(2)] },
      {
        type: 'claims',
        claims: [
          { ...lease, claim_key: evil, thread_id: null, owner_agent_id: evil, expires_at: '2026-03-02T12:03:00Z' },
        ],
      },
      {
        type: 'locks',
        locks: [
          {
            file_path: evil,
            agent_id: evil,
            locked_at: '2026-03-02T11:59:00Z',
            expires_at: '2026-03-02T12:03:00Z',
            released_at: null,
            metadata: {},
          },
        ],
      },
      { type: 'notice', text: evil, tone: 'bad' },
    );
    const states = [
      everywhere,
      reduce(everywhere, { type: 'view', view: threadView(evil) }),
      reduce(everywhere, { type: 'view', view: { kind: 'direct', pair: [evil, 'operator'] } }),
      reduce(everywhere, { type: 'overlay', overlay: { kind: 'message', id: 2, scroll: 0 } }),
      reduce(everywhere, { type: 'overlay', overlay: { kind: 'palette', query: editorOf('x'), selected: 0 } }),
      reduce(everywhere, { type: 'input', input: editorOf('/dm ') }),
      reduce(everywhere, { type: 'focus', pane: 'sidebar' }),
      reduce(everywhere, { type: 'focus', pane: 'detail' }),
    ];
    for (const state of states) {
      const lines = drawFrame(state, { columns, rows }, { depth: 'truecolor' });
      expect(lines).toHaveLength(rows);
      for (const each of lines) {
        const rest = each.replace(/\u001b\[[\d;]*m/g, '');
        expect(rest).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f]/);
        expect(width(rest)).toBeLessThanOrEqual(columns);
      }
    }
  });
});

describe('components', () => {
  it('Lines cuts what is too long and fills what is missing', () => {
    const { lastFrame } = render(<Lines lines={[line('abcdef'), [span('x')]]} columns={4} rows={3} paint={paint} />);
    expect(lastFrame()).toBe('abc…\nx\n');
  });

  it('Input shows the rows around the cursor', () => {
    const editor = editorOf(Array.from({ length: 20 }, (_, i) => `row ${i}`).join('\n'));
    const { lastFrame } = render(
      <Input editor={editor} placeholder="p" isFocused columns={20} rows={3} paint={paint} />,
    );
    expect(lastFrame()).toBe('› row 17\n  row 18\n  row 19');
  });

  it('Window frames its lines', () => {
    const { lastFrame } = render(
      <Window title="T" hint="h" lines={[line('one')]} columns={10} rows={5} paint={paint} />,
    );
    expect(stripVTControlCharacters(lastFrame() ?? '')).toBe('╭─ T ────────╮\n│ one        │\n╰─ h ────────╯');
  });
});
