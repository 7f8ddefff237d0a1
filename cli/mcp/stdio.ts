/** `arc mcp`: the adapter on the standard streams, until the input ends. */
import type { Command } from 'commander';
import { McpAdapter } from '../../agents/mcp/adapter.js';
import { StdioTransport } from '../../agents/mcp/stdio-transport.js';
import { printable } from '../../base/terminal-text.js';
import { addressOf, agentOf, openClient } from '../connection.js';
import { packageVersion } from '../version.js';

/** A hub that was lost is waited for no longer than this; the tool's answer then says so. */
const PATIENCE_MS = 8_000;

export async function serveMcp(command: Command): Promise<number> {
  const hubAt = addressOf(command);
  const hub = await openClient(command, { timeoutMs: PATIENCE_MS, agent: agentOf(command) });
  const adapter = new McpAdapter({ hub, hubAt, version: packageVersion() });
  const transport = new StdioTransport(process.stdin, process.stdout);
  let exitCode = 0;
  transport.onerror = (error) => {
    exitCode = 1;
    process.stderr.write(`arc mcp: ${printable(error.message)}\n`);
  };
  const signalled = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve()).once('SIGINT', () => resolve());
  });
  await adapter.connect(transport);
  await Promise.race([transport.closed, signalled]);
  await adapter[Symbol.asyncDispose]();
  // The input may still be open; nothing is left to say to it.
  process.exit(exitCode);
}
