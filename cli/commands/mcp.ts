/** The Model Context Protocol: mcp. */
import type { Command } from 'commander';
import { declare } from '../command.js';
import { connectionOptions } from '../connection.js';
import { text } from '../options.js';

export const mcpCommands = (): Command[] => [
  declare({
    name: 'mcp',
    description: 'serve the hub as MCP tools on stdin and stdout, for an agent host',
    options: [text('--agent <id>', 'the agent that the host is').default('mcp-client'), ...connectionOptions()],
    help: MCP_HELP,
    async run(command) {
      const { serveMcp } = await import('../mcp/stdio.js');
      return serveMcp(command);
    },
  }),
];

const MCP_HELP = `
Starts whether or not a hub runs, and says in the answers of its tools when none does. Speaks one JSON text a line;
input that begins with a Content-Length header is answered in that framing. The agent is signed in while it runs,
without taking the place of a session that is live already. A running hub serves the same at /mcp/NAME over HTTP.

In the configuration of a host:
  { "mcpServers": { "arc": { "command": "arc", "args": ["mcp", "--agent", "ana"] } } }`;
