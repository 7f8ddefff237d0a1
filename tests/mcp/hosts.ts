/** MCP hosts for tests: the official SDK's client over each transport. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { HUB_MAIN } from '../support/hub-process.js';

export class Host implements AsyncDisposable {
  constructor(
    readonly client: Client,
    readonly transport: Transport,
  ) {}

  async call(name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> {
    return (await this.client.callTool({ name, arguments: args })) as CallToolResult;
  }

  /** The value that the text of an answer holds (arc-v1 §10.3). */
  // biome-ignore lint/suspicious/noExplicitAny: tools answer with any shape; what is expected is said where it is read
  async value(name: string, args: Record<string, unknown> = {}): Promise<any> {
    const answer = await this.call(name, args);
    if (answer.isError) throw new Error(textOf(answer));
    return JSON.parse(textOf(answer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.transport instanceof StreamableHTTPClientTransport) {
      await this.transport.terminateSession().catch(() => undefined);
    }
    await this.client.close();
  }
}

export function textOf({ content }: CallToolResult): string {
  const [first] = content;
  return first?.type === 'text' ? first.text : '';
}

const newClient = () => new Client({ name: 'test-host', version: '1.2.3' });

export const openStdio = (url: string, agent: string, env?: Readonly<Record<string, string>>) =>
  openArgs(['--agent', agent, '--base-url', url], env);

/** `arc mcp` with these arguments. */
export async function openArgs(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Host> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [HUB_MAIN, 'mcp', ...args],
    stderr: 'inherit',
    ...(env !== undefined && { env: { PATH: process.env.PATH ?? '', ...env } }),
  });
  const client = newClient();
  await client.connect(transport);
  return new Host(client, transport);
}

export async function openHttp(
  url: string,
  agent: string,
  options: ConstructorParameters<typeof StreamableHTTPClientTransport>[1] = {},
): Promise<Host> {
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp/${encodeURIComponent(agent)}`), options);
  const client = newClient();
  // The SDK declares its own members in a way that `exactOptionalPropertyTypes` refuses.
  await client.connect(transport as Transport);
  return new Host(client, transport as Transport);
}
