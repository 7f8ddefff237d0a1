/** Finding messages by their words: search. */
import { Argument, type Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import type { SearchHit, SearchResult } from '../../protocol/operations/search.js';
import { declare, show } from '../command.js';
import { connectionOptions, observerOption, openClient } from '../connection.js';
import { flag, integer } from '../options.js';
import { age } from '../views.js';

export const searchCommands = (): Command[] => [
  declare({
    name: 'search',
    description: 'find messages by their words',
    args: [new Argument('<words...>', 'what to look for; quote the whole where the shell would take it apart')],
    options: [
      observerOption('only what this agent may see'),
      integer('--limit <n>', 'at most so many, up to 100').default(20),
      integer('--before-id <id>', 'only older ones: the next page'),
      integer('--since-id <id>', 'only newer ones'),
      flag('--best', 'the most fitting first, instead of the newest'),
      ...connectionOptions(),
    ],
    help: SEARCH_HELP,
    async run(command) {
      const { limit, beforeId, sinceId, best, agent } = command.opts<SearchFlags>();
      const hub = await openClient(command);
      const options = { agent_id: agent, limit, before_id: beforeId, since_id: sinceId };
      const words = (command.processedArgs as [string[]])[0].join(' ');
      const found = await hub.search(words, { ...options, order: best === true ? 'best' : 'newest' });
      show(command, found, searchView);
      return found.hits.length > 0 ? 0 : 1;
    },
  }),
];

interface SearchFlags {
  limit: number;
  beforeId?: number;
  sinceId?: number;
  best?: boolean;
  agent?: string;
}

function searchView({ hits, more }: SearchResult): string {
  const lines = hits.map(hitLine);
  if (more === 'indexing') lines.push('The index is being made: there may be more.');
  else if (more) lines.push(`There is more: --before-id ${hits.at(-1)?.message.id}`);
  return lines.length === 0 ? 'Nothing found.' : lines.join('\n');
}

function hitLine({ message, snippet }: SearchHit): string {
  const where = message.to_agent === null ? `#${message.channel}` : `to ${message.to_agent}`;
  return printable(`[${message.id}] ${age(message.ts)} ${message.from_agent} ${where}: ${snippet}`);
}

const SEARCH_HELP = `
A line a message on a terminal, with [[ ]] around what was found, else JSON: {"hits": [{"message", "snippet", "field"}], "more"}.
Exit 1 when nothing is found. Words are found by their beginning, whatever their case and accents, in texts, attachments,
channels, threads and senders. "A phrase" stands in quotation marks, -word must not occur; from:, to:, in:, thread:, kind:, has:,
after: and before: narrow it.

Examples:
  arc search parser red
  arc search '"main is red" -draft in:build'
  arc search 'from:ana has:code after:2026-11-01' --json
  arc search handshake --agent ben --best`;
