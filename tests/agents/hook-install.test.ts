import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeHooks, type HookChange } from '../../agents/hooks/install.js';
import { installedHooks } from '../../agents/hooks/status.js';
import { newFolder } from '../cli/arc.js';
import { startHub } from '../support/hub-process.js';
import { run } from './run.js';

const HARNESSES = [
  [
    'claude-code',
    '.claude/settings.local.json',
    ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop', 'SessionEnd'],
  ],
  ['codex', '.codex/hooks.json', ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop', 'SessionEnd']],
  ['cursor', '.cursor/hooks.json', ['sessionStart', 'postToolUse', 'preCompact', 'stop', 'sessionEnd']],
  [
    'gemini',
    '.gemini/settings.json',
    ['SessionStart', 'BeforeAgent', 'AfterTool', 'PreCompress', 'AfterAgent', 'SessionEnd'],
  ],
] as const;

describe.each(HARNESSES)('%s', (harness, file, events) => {
  it('writes its hooks beside what is there, shows the change, and takes it back', async () => {
    await using folder = await newFolder();
    const path = folder.at(file);
    const command = `arc hook ${harness} --agent 'ana b'`;
    const change = (what: 'install' | 'uninstall', options: Partial<HookChange> = {}) =>
      changeHooks({
        ...{ what, harness, folder: folder.path, scope: 'project', command, maxHolds: 3, dryRun: false },
        ...options,
      });
    const read = () => JSON.parse(readFileSync(path, 'utf8'));

    expect(change('install', { dryRun: true })).toContain(`would change ${path}`);
    expect(existsSync(path)).toBe(false);
    expect(change('install')).toMatch(/^\+ .*hook/m);
    expect(Object.keys(read().hooks)).toEqual(events);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(command);
    if (harness === 'cursor') expect(read()).toMatchObject({ version: 1, hooks: { stop: [{ loop_limit: 3 }] } });
    expect(change('install')).toContain('as it should be');
    expect(readFileSync(path, 'utf8')).toBe(text);
    change('install', { command: `node main.js hook ${harness} --agent carl` });
    expect(readFileSync(path, 'utf8')).not.toContain('ana b');
    change('uninstall');
    expect(existsSync(path)).toBe(false);

    const others = {
      theirs: { keep: [1, 2] },
      hooks: { [events[0]]: [{ hooks: [{ type: 'command', command: 'theirs' }] }], Other: [] },
    };
    mkdirSync(dirname(path), { recursive: true });
    const before = `${JSON.stringify(others, null, 4)}\n`;
    writeFileSync(path, before);
    change('install');
    expect(read()).toMatchObject({ theirs: others.theirs, hooks: { Other: [] } });
    expect(read().hooks[events[0]]).toHaveLength(2);
    change('uninstall');
    if (harness === 'cursor') expect(read()).toEqual({ version: 1, ...others });
    else expect(readFileSync(path, 'utf8')).toBe(before);
  });
});

it('keeps a file as it was written, whatever its style, and takes back what it wrote and nothing else', async () => {
  await using folder = await newFolder();
  mkdirSync(folder.at('.claude'));
  const path = folder.at('.claude/settings.local.json');
  const events = HARNESSES[0][2];
  const change = (what: 'install' | 'uninstall') =>
    changeHooks({
      ...{ what, harness: 'claude-code', folder: folder.path, scope: 'project', maxHolds: 3, dryRun: false },
      command: 'arc hook claude-code --agent ana',
    });
  const entry = fc.record({ matcher: fc.string(), hooks: fc.constant([{ type: 'command', command: 'theirs' }]) });
  const theirHooks = fc.dictionary(
    fc.constantFrom(...events, 'Other'),
    fc.array(entry, { minLength: 1, maxLength: 2 }),
    {
      minKeys: 1,
    },
  );
  const settings = fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 }), fc.option(theirHooks))
    .map(([others, hooks]) => ({ ...others, ...(hooks !== null && { hooks }), last: [1, 2] }));
  const style = fc.record({
    indent: fc.constantFrom(0, 1, 2, 4, '\t'),
    eol: fc.constantFrom('\n', '\r\n'),
    end: fc.constantFrom('', '\n'),
  });
  fc.assert(
    fc.property(settings, style, (value, { indent, eol, end }) => {
      const before = (JSON.stringify(value, null, indent) + end).replaceAll('\n', eol);
      writeFileSync(path, before);
      expect(change('install')).toContain('changed');
      const after = readFileSync(path, 'utf8');
      const { hooks, ...others } = JSON.parse(after);
      const { hooks: had = {}, ...theirs } = JSON.parse(before);
      expect(others).toEqual(theirs);
      for (const event of events) expect(hooks[event]).toHaveLength((had[event] ?? []).length + 1);
      expect(hooks).toMatchObject(Object.fromEntries(Object.entries(had).filter(([name]) => name === 'Other')));
      expect(change('install')).toContain('as it should be');
      expect(readFileSync(path, 'utf8')).toBe(after);
      change('uninstall');
      expect(readFileSync(path, 'utf8')).toBe(before);
    }),
    { numRuns: 60 },
  );
});

it('does not tidy up what stands beside its hooks', async () => {
  await using folder = await newFolder();
  mkdirSync(folder.at('.gemini'));
  const path = folder.at('.gemini/settings.json');
  const before =
    '{\n    "a": [1, 2], "b": {"c" : 1},\n\n    "hooks": { "Other": [] },\n    "hooks": {"AfterTool": [ {"matcher": "*"} ]}\n}';
  writeFileSync(path, before);
  const install = ['hook', 'install', 'gemini', '--agent', 'ana'];
  const { stdout } = await run(install, { cwd: folder.path });
  expect(stdout).not.toContain('"a"');
  const after = readFileSync(path, 'utf8');
  expect(after).toContain('    "a": [1, 2], "b": {"c" : 1},\n\n    "hooks": { "Other": [] },\n');
  expect(Object.keys(JSON.parse(after).hooks)).toContain('SessionEnd');
  await run(['hook', 'uninstall', 'gemini', '--agent', 'ana'], { cwd: folder.path });
  expect(readFileSync(path, 'utf8')).toBe(before);
});

it('leaves a file alone that it cannot read', async () => {
  await using folder = await newFolder();
  mkdirSync(folder.at('.gemini'));
  writeFileSync(folder.at('.gemini/settings.json'), '{ "a": \n}');
  const { code, stderr } = await run(['hook', 'install', 'gemini', '--agent', 'ana'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toContain('left alone');
  expect(stderr).toContain('line 2');
  expect(readFileSync(folder.at('.gemini/settings.json'), 'utf8')).toBe('{ "a": \n}');
});

it('is a command that writes a command, for the user with --scope user', async () => {
  await using folder = await newFolder();
  const words = ['hook', 'install', 'claude-code', '--agent', "o'neill", '--scope', 'user', '--port', '7001'];
  const { code, stdout } = await run(words, { cwd: folder.path, env: { HOME: folder.path } });
  expect(code).toBe(0);
  expect(stdout).toContain('changed');
  const { hooks } = JSON.parse(readFileSync(folder.at('.claude/settings.json'), 'utf8'));
  expect(hooks.Stop[0].hooks[0].command).toContain(
    `hook claude-code --agent 'o'\\''neill' --base-url http://127.0.0.1:7001`,
  );
});

it.each([
  ['a byte order mark', '\ufeff{\n  "a": 1\n}\n'],
  ['comments and a trailing comma', '{\n  // mine\n  "a": [1, /* one */ 2,], // last\n}\n'],
  ['a comma behind the last, with a note', '{\n  "a": 1, // one\n  "b": 2, /* two */\n}\n'],
  ['nothing but a note', '{\n  // nothing yet\n}\n'],
  ['hooks of others with notes', '{"hooks": {\n\t"AfterTool": [\n\t\t{"matcher": "*"}, // theirs\n\t]\n}}'],
])('keeps %s', async (_, before) => {
  await using folder = await newFolder();
  mkdirSync(folder.at('.gemini'));
  const path = folder.at('.gemini/settings.json');
  writeFileSync(path, before);
  const change = (what: 'install' | 'uninstall') =>
    changeHooks({
      ...{ what, harness: 'gemini', folder: folder.path, scope: 'project', maxHolds: 3, dryRun: false },
      command: 'arc hook gemini --agent ana',
    });
  expect(change('install')).toContain('changed');
  const after = readFileSync(path, 'utf8');
  for (const note of before.match(/\ufeff|\/\/[^\n]*|\/\*.*?\*\//g) ?? []) expect(after).toContain(note);
  expect(change('install')).toContain('as it should be');
  expect(installedHooks(folder.path, folder.at('home'))).toContainEqual(
    expect.objectContaining({ harness: 'gemini', scope: 'project', agent: 'ana' }),
  );
  change('uninstall');
  expect(readFileSync(path, 'utf8')).toBe(before);
});

it('says where hooks are, for whom, and which hub answers', async () => {
  await using hub = await startHub();
  await using folder = await newFolder();
  const env = { HOME: folder.at('home') };
  mkdirSync(env.HOME);
  const install = (harness: string, agent: string, ...words: string[]) =>
    run(['hook', 'install', harness, '--agent', agent, ...words], { cwd: folder.path, env });
  await install('claude-code', "o'neill", '--base-url', hub.url);
  await install('codex', 'ben', '--scope', 'user', '--base-url', 'http://127.0.0.1:9');
  const { code, stdout } = await run(['hook', 'status', '--json'], { cwd: folder.path, env });
  expect(code).toBe(0);
  const states = JSON.parse(stdout) as { harness: string; scope: string; agent?: string }[];
  const of = (harness: string, scope: string) =>
    states.find((each) => each.harness === harness && each.scope === scope);
  expect(of('claude-code', 'project')).toMatchObject({
    agent: "o'neill",
    hub: { at: hub.url, instance_id: hub.instance_id },
  });
  expect(of('codex', 'user')).toMatchObject({
    agent: 'ben',
    hub: { at: 'http://127.0.0.1:9', error: expect.any(String) },
  });
  expect(of('gemini', 'project')).not.toHaveProperty('agent');
});
