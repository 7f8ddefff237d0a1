/** One call of a harness's hook: JSON in, JSON out, and never in the way when there is no hub. */
import { text as readAll } from 'node:stream/consumers';
import type { HubClient } from '../../client/index.js';
import { isJsonObject } from '../../protocol/index.js';
import type { HarnessName } from './harness.js';
import { type HookFlags, respond } from './respond.js';

/** @param open gives a client that is the agent, with little patience: the model waits */
export async function runHook(name: HarnessName, open: () => Promise<HubClient>, flags: HookFlags): Promise<void> {
  let answer: object = {};
  try {
    const input: unknown = JSON.parse(await readAll(process.stdin));
    const hub = await open();
    if (isJsonObject(input)) answer = await respond(name, input, hub, flags);
  } catch (cause) {
    // A harness shows or ignores what stands on stderr; its work goes on either way.
    process.stderr.write(`arc hook: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  }
  await new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(answer)}\n`, () => resolve()));
}
