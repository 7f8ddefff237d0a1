import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const arc = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const baseUrl = process.env.ARC_BASE_URL ?? 'http://127.0.0.1:6969';
const host = new Client({ name: 'quick-start', version: '1.0.0' });
await host.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [arc, 'mcp', '--agent', 'model', '--base-url', baseUrl],
  }),
);

const { tools } = await host.listTools();
console.log(`tools: ${tools.map(({ name }) => name).join(', ')}`);

async function call(name, args) {
  const { content, isError } = await host.callTool({ name, arguments: args });
  if (isError) throw new Error(content[0].text);
  return content[0].text;
}
console.log(`inbox: ${(await call('arc_inbox', {})).split('\n')[0]}`);
console.log(`agents: ${JSON.parse(await call('arc_list_agents', {})).length}`);
console.log(`posted: ${JSON.parse(await call('arc_post_message', { channel: 'general', body: 'hello from MCP' })).id}`);
await host.close();
