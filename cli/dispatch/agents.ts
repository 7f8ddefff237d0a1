/** `arc agent …`: the files of the agents. */
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { homePath } from '../../base/home-path.js';
import { printable } from '../../base/terminal-text.js';
import { ensureHome } from '../../dispatch/config/home.js';
import * as store from '../../dispatch/personas/store.js';
import { write, writeJson } from '../output.js';
import { homeOf, wantsJson, warner, wordsFor, writeForeign } from './command.js';
import { ask, edit } from './person.js';

export const AGENT_ACTIONS = ['list', 'show', 'create', 'edit', 'delete', 'clone'] as const;

interface AgentFlags {
  from?: string;
  name?: string;
  workspace?: string;
  model?: string;
  yes?: boolean;
}

export async function agent(command: Command): Promise<number> {
  const home = await homeOf(command);
  ensureHome(home);
  const action = command.args[0] as (typeof AGENT_ACTIONS)[number];
  switch (action) {
    case 'list': {
      wordsFor(command, action, []);
      const agents = store.listAgents(home, warner());
      if (wantsJson(command)) {
        const shown = ({ name, model, workspace, description, discord }: (typeof agents)[number]) => {
          return { name, model, workspace, description, discord_channel: discord.channel_id };
        };
        writeJson(agents.map(shown));
      } else if (agents.length === 0) write('No agents configured. Create one with: arc agent create');
      for (const { name, model, workspace, discord } of wantsJson(command) ? [] : agents) {
        const bound = discord.channel_id === '' ? '' : `  channel=${discord.channel_id}`;
        write(printable(`${name.padEnd(16)} ${model.padEnd(28)} ${workspace}${bound}`));
      }
      return 0;
    }
    case 'show': {
      const [name = ''] = wordsFor(command, action, ['a name']);
      writeForeign(store.agentText(home, name).trimEnd());
      return 0;
    }
    case 'create':
      wordsFor(command, action, []);
      return create(command);
    case 'edit': {
      const [name = ''] = wordsFor(command, action, ['a name']);
      store.agentText(home, name);
      await edit(store.agentPath(home, name));
      store.loadAgent(home, name, warner());
      return 0;
    }
    case 'delete': {
      const [name = ''] = wordsFor(command, action, ['a name']);
      store.agentText(home, name);
      const { yes } = command.opts<AgentFlags>();
      if (yes !== true && !/^y(es)?$/i.test(await ask(`Delete agent '${name}'? y/n`, '--yes'))) {
        throw new CommandError('nothing was deleted');
      }
      store.deleteAgent(home, name);
      write(`Deleted agent '${name}'.`);
      return 0;
    }
    case 'clone': {
      const [from = '', to = ''] = wordsFor(command, action, ['a name', 'a new name']);
      store.cloneAgent(home, from, to);
      write(`Cloned '${from}' -> '${to}'. It is bound to no Discord channel.`);
      return 0;
    }
  }
}

async function create(command: Command): Promise<number> {
  const home = await homeOf(command);
  const { from, name, workspace, model } = command.opts<AgentFlags>();
  if (from !== undefined) {
    const as = name ?? basename(from).replace(/\.ya?ml$/, '');
    store.createAgent(home, as, textOf(from));
    write(`Created agent '${as}' from ${from}`);
    return 0;
  }
  const fields = {
    name: name ?? (await ask('Name', '--name')),
    workspace: homePath(workspace ?? (await ask('Workspace', '--workspace'))),
    model: model ?? (await ask('Model', '--model', 'sonnet')),
  };
  store.createAgent(home, fields.name, store.newAgentText(fields));
  write(`Created agent '${fields.name}' in ${store.agentPath(home, fields.name)}`);
  return 0;
}

function textOf(path: string): string {
  try {
    return readFileSync(resolve(path), 'utf8');
  } catch (cause) {
    throw new CommandError(`--from ${path}: ${(cause as Error).message}`);
  }
}
