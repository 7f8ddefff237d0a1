/** The files of the agents: read at each use, so that an edit holds from the next prompt on. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Document } from 'yaml';
import { createPrivateFile } from '../../base/private-file.js';
import { checkWorkspace, type Home } from '../config/home.js';
import { editYaml, parseYaml, readText, readYaml, type Warn } from '../config/yaml-file.js';
import { DispatchError } from '../errors.js';
import { notFound } from '../nearest.js';
import { AGENT_NAME, type Agent, AgentFile, NAME_RULE } from './agent.js';

const SUFFIX = '.yaml';

/** @throws {DispatchError} `bad_request`: such a name could be a path (dispatch §4.2) */
export function agentPath(home: Home, name: string): string {
  if (!AGENT_NAME.test(name)) {
    throw new DispatchError('bad_request', `not a name of an agent: '${name}' (${NAME_RULE})`);
  }
  return join(home.agents, name + SUFFIX);
}

/** Ascending. */
export function agentNames(home: Home): string[] {
  try {
    return readdirSync(home.agents)
      .filter((file) => file.endsWith(SUFFIX) && AGENT_NAME.test(file.slice(0, -SUFFIX.length)))
      .map((file) => file.slice(0, -SUFFIX.length))
      .sort();
  } catch {
    return [];
  }
}

/** The text of an agent's file. @throws {DispatchError} `not_found`, with the names that there are */
export function agentText(home: Home, name: string): string {
  const source = readText(agentPath(home, name));
  if (source === undefined) throw new DispatchError('not_found', notFound('Agent', name, agentNames(home)));
  return source;
}

/** @throws {DispatchError} `not_found`; `config`: the file is wrong, with its line */
export function loadAgent(home: Home, name: string, warn: Warn = () => undefined): Agent {
  return parseAgent(home, name, agentText(home, name), warn);
}

export function parseAgent(home: Home, name: string, source: string, warn: Warn): Agent {
  const path = agentPath(home, name);
  const file = readYaml(path, source, AgentFile, warn);
  if (file.name !== undefined && file.name !== name) {
    throw new DispatchError('config', `${path}: name: expected ${name}, as the file is called`);
  }
  try {
    checkWorkspace(file.workspace, home);
  } catch (cause) {
    throw new DispatchError('config', `${path}: ${(cause as Error).message}`);
  }
  const { allowed_models, model } = file;
  if (allowed_models.length > 0 && !allowed_models.includes(model)) {
    warn(`${path}: model ${model} is not one of its allowed_models`);
  }
  return { ...file, name };
}

/** All agents whose files are right, ascending by name; `warn` is told of the others. */
export function listAgents(home: Home, warn: Warn = () => undefined): Agent[] {
  const agents = agentNames(home).flatMap((name) => {
    try {
      return [loadAgent(home, name, warn)];
    } catch (cause) {
      warn(`${DispatchError.from(cause).message} (agent ${name} is skipped)`);
      return [];
    }
  });
  const bound = new Map<string, string>();
  for (const { name, discord } of agents) {
    const first = bound.get(discord.channel_id);
    if (discord.channel_id === '') continue;
    if (first === undefined) bound.set(discord.channel_id, name);
    else warn(`agents ${first} and ${name} are bound to the same Discord channel; ${first} answers there`);
  }
  return agents;
}

/** The agent that a Discord channel is bound to: the first by name. */
export const agentOfChannel = (agents: readonly Agent[], channelId: string): Agent | undefined =>
  channelId === '' ? undefined : agents.find(({ discord }) => discord.channel_id === channelId);

/** @throws {DispatchError} `bad_request`: there is one; `config`: the text is no agent; nothing was written */
export function createAgent(home: Home, name: string, source: string): void {
  const path = agentPath(home, name);
  parseAgent(home, name, source, () => undefined);
  if (!createPrivateFile(path, source)) throw new DispatchError('bad_request', `Agent '${name}' already exists.`);
}

/** Changes the file of an agent, comments kept. */
export function editAgent(home: Home, name: string, change: (doc: Document) => void): void {
  agentText(home, name);
  editYaml(agentPath(home, name), '', change, (after) => parseAgent(home, name, after, () => undefined));
}

export function deleteAgent(home: Home, name: string): void {
  agentText(home, name);
  rmSync(agentPath(home, name));
}

/** A copy under another name, bound to no Discord channel. */
export function cloneAgent(home: Home, from: string, to: string): void {
  const { doc } = parseYaml(agentPath(home, from), agentText(home, from));
  doc.setIn(['name'], to);
  if (doc.hasIn(['discord', 'channel_id'])) doc.deleteIn(['discord', 'channel_id']);
  createAgent(home, to, doc.toString({ lineWidth: 0 }));
}

/** The text of a new agent. */
export function newAgentText(fields: { name: string; workspace: string; model: string }): string {
  const { doc } = parseYaml('new agent', '');
  doc.contents = doc.createNode({ ...fields, system_prompt_files: [], permission_mode: 'approve-reads' });
  return doc.toString({ lineWidth: 0 });
}
