import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dispatchTypeOf, inlineAgent } from '../../dispatch/personas/agent.js';
import { resolveModel } from '../../dispatch/personas/model.js';
import { referenceFiles, systemPrompt } from '../../dispatch/personas/prompt.js';
import {
  agentOfChannel,
  agentPath,
  cloneAgent,
  createAgent,
  deleteAgent,
  editAgent,
  listAgents,
  loadAgent,
  newAgentText,
} from '../../dispatch/personas/store.js';
import { TestHome } from './support/home.js';

describe('agents (dispatch §4.2)', () => {
  it('loads a file with the defaults of the contract', () => {
    using home = new TestHome();
    home.agent('coach');
    expect(loadAgent(home.home, 'coach')).toMatchObject({
      name: 'coach',
      workspace: home.workspace,
      model: 'sonnet',
      allowed_models: [],
      permission_mode: 'approve-all',
      accept_from: ['operator', 'cron'],
      max_concurrency: 4,
      discord: { channel_id: '', require_mention: false },
    });
  });

  it('names those that there are, and the one that was meant', () => {
    using home = new TestHome();
    home.agent('coach');
    home.agent('local');
    expect(() => loadAgent(home.home, 'coch')).toThrowError(
      "Agent 'coch' not found. Did you mean 'coach'? Available: coach, local",
    );
  });

  it.each(['../config', 'a/b', '.hidden', '', '-x', 'a'.repeat(65)])('refuses the name %j', (name) => {
    using home = new TestHome();
    home.config();
    for (const use of [agentPath, loadAgent, deleteAgent])
      expect(() => use(home.home, name)).toThrowError('not a name of an agent');
    expect(home.read(home.home.config)).not.toBe('');
  });

  it('skips a bad file in a listing, and tells of it when it is asked for', () => {
    using home = new TestHome();
    home.agent('bad', 'model: sonnet\nworkspace: [\n');
    home.agent('good');
    expect(listAgents(home.home, home.warn).map(({ name }) => name)).toEqual(['good']);
    expect(home.warnings).toEqual([expect.stringMatching(/bad\.yaml:\d: not valid YAML.*skipped/)]);
    expect(() => loadAgent(home.home, 'bad')).toThrowError(/bad\.yaml:\d: not valid YAML/);
  });

  it.each([
    ['model: sonnet\n', 'workspace: '],
    ['workspace: relative\nmodel: sonnet\n', ':1: workspace: expected an absolute path'],
    ['workspace: /tmp/x\nmodel: sonnet\npermission_mode: yolo\n', ':3: permission_mode: expected one of approve-all,'],
    ['workspace: /tmp/x\nmodel: sonnet\naccept_from: [operator, everybody]\n', ':3: accept_from.1: expected operator,'],
    ['name: other\nworkspace: /tmp/x\nmodel: sonnet\n', 'name: expected coach, as the file is called'],
    ['workspace: /\nmodel: sonnet\n', 'is the root folder'],
    [`workspace: ${homedir()}\nmodel: sonnet\n`, 'is your home folder'],
    ['workspace: ~/\nmodel: sonnet\n', 'is your home folder'],
  ])('says what is wrong with %j', (text, expected) => {
    using home = new TestHome();
    home.agent('coach', text);
    expect(() => loadAgent(home.home, 'coach')).toThrowError(expected);
  });

  it('refuses its own home as workspace, also behind a link', () => {
    using home = new TestHome();
    home.config();
    const link = join(home.folder, 'link');
    symlinkSync(home.home.path, link);
    home.agent('coach', `workspace: ${link}\nmodel: sonnet\n`);
    expect(() => loadAgent(home.home, 'coach')).toThrowError("is the dispatcher's own folder");
  });

  it('finds the agent of a Discord channel, the first by name where two are bound', () => {
    using home = new TestHome();
    const bound = `workspace: ${home.workspace}\nmodel: sonnet\ndiscord:\n  channel_id: 1234567890123456789\n`;
    home.agent('zoe', bound);
    home.agent('amy', bound);
    const agents = listAgents(home.home, home.warn);
    expect(agentOfChannel(agents, '1234567890123456789')?.name).toBe('amy');
    expect(agentOfChannel(agents, '1')).toBeUndefined();
    expect(agentOfChannel(agents, '')).toBeUndefined();
    expect(home.warnings).toEqual([expect.stringContaining('amy and zoe are bound to the same Discord channel')]);
  });

  it('creates, edits, clones and deletes, comments kept', () => {
    using home = new TestHome();
    home.agent('coach', `# mine\nworkspace: ${home.workspace}\nmodel: sonnet\ndiscord:\n  channel_id: "1"\n`);
    createAgent(home.home, 'new', newAgentText({ name: 'new', workspace: home.workspace, model: 'haiku' }));
    expect(loadAgent(home.home, 'new')).toMatchObject({ model: 'haiku', permission_mode: 'approve-reads' });
    expect(() => createAgent(home.home, 'new', 'x: 1')).toThrowError('workspace');
    expect(() => createAgent(home.home, 'new', home.read(agentPath(home.home, 'new')))).toThrowError('already exists');
    cloneAgent(home.home, 'new', 'bare');
    deleteAgent(home.home, 'bare');
    cloneAgent(home.home, 'coach', 'twin');
    expect(home.read(agentPath(home.home, 'twin'))).toContain('# mine');
    expect(loadAgent(home.home, 'twin').discord.channel_id).toBe('');
    editAgent(home.home, 'coach', (doc) => doc.set('model', 'opus'));
    expect(home.read(agentPath(home.home, 'coach'))).toMatch(/^# mine\n[\s\S]*model: opus/);
    deleteAgent(home.home, 'twin');
    expect(listAgents(home.home).map(({ name }) => name)).toEqual(['coach', 'new']);
  });
});

describe('prompt assembly', () => {
  it('joins the files that exist, in order, and warns of the others', () => {
    using home = new TestHome();
    home.file('SOUL.md', 'kind');
    home.file('AGENTS.md', 'rules');
    home.file('notes.md', 'ref');
    home.agent(
      'coach',
      `workspace: ${home.workspace}\nmodel: m\nsystem_prompt_files: [SOUL.md, MISSING.md, AGENTS.md]\nlocal_context_files: [notes.md]\n`,
    );
    const agent = loadAgent(home.home, 'coach');
    expect(systemPrompt(agent, home.warn)).toBe('# SOUL.md\n\nkind\n\n---\n\n# AGENTS.md\n\nrules');
    expect(referenceFiles(agent, home.warn)).toEqual([{ name: 'notes.md', text: 'ref' }]);
    expect(home.warnings).toEqual([expect.stringContaining('MISSING.md is left out')]);
    expect(systemPrompt({ ...agent, system_prompt_files: [] }, home.warn)).toBeUndefined();
  });

  it('stays inside of the workspace, links resolved', () => {
    using home = new TestHome();
    home.agent('coach');
    writeFileSync(join(home.folder, 'secret'), 'x');
    symlinkSync(join(home.folder, 'secret'), join(home.workspace, 'link.md'));
    mkdirSync(`${home.workspace}-twin`);
    writeFileSync(join(`${home.workspace}-twin`, 'a'), 'x');
    const agent = loadAgent(home.home, 'coach');
    for (const name of ['../secret', 'link.md', '../workspace-twin/a']) {
      const lost = { ...agent, system_prompt_files: [name] };
      expect(() => systemPrompt(lost, home.warn)).toThrowError('is outside of its workspace');
    }
  });
});

describe('models (dispatch §5)', () => {
  const agent = { ...inlineAgent({ model: 'sonnet', workspace: '/tmp/x' }), name: 'coach' };

  it('takes the request, then the channel, then the agent', () => {
    expect(resolveModel(agent, 'opus', 'haiku')).toBe('opus');
    expect(resolveModel(agent, null, 'haiku')).toBe('haiku');
    expect(resolveModel(agent)).toBe('sonnet');
  });

  it('refuses what is not listed', () => {
    const strict = { ...agent, allowed_models: ['sonnet', 'haiku'] };
    expect(resolveModel(strict, 'haiku')).toBe('haiku');
    expect(() => resolveModel(strict, 'opus')).toThrowError(
      "Model 'opus' is not allowed for agent 'coach'. Allowed: sonnet, haiku",
    );
  });

  it('routes by the model alone', () => {
    expect(dispatchTypeOf('sonnet')).toBe('acpx');
    expect(dispatchTypeOf('ollama/llama3')).toBe('ollama');
  });

  it('an agent without a file may read only', () => {
    expect(agent.permission_mode).toBe('approve-reads');
  });
});
