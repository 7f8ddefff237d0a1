/** One call of a harness's hook: JSON in, JSON out, and never in the way when there is no hub. */
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { openClient } from '../../cli/connection.js';
import { explicitAddress } from '../../cli/connection-flags.js';
import { isJsonObject } from '../../protocol/index.js';
import type { HarnessName } from './harness.js';
import { type HookFlags, respond } from './respond.js';

/** The model waits for a hook; a hub on the same machine answers in milliseconds. */
const PATIENCE_MS = 4_000;

export async function runHook(command: Command, name: HarnessName): Promise<void> {
  let answer: object = {};
  try {
    const flags = { ...command.opts<Omit<HookFlags, 'address'>>(), address: explicitAddress(command) };
    const input: unknown = JSON.parse(await readAll(process.stdin));
    const hub = await openClient(command, { timeoutMs: PATIENCE_MS });
    if (isJsonObject(input)) answer = await respond(name, input, hub, flags);
  } catch (cause) {
    // A harness shows or ignores what stands on stderr; its work goes on either way.
    process.stderr.write(`arc hook: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  }
  await new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(answer)}\n`, () => resolve()));
}
