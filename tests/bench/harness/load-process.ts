/**
 * The load generator's process: imports one scenario file and runs its loads by name, so that neither the server's
 * work nor the report's is on the generator's event loop. Ends when the bench closes the channel.
 */
import type { Load, ScenarioFile, Target } from './scenario.js';

export interface LoadRequest {
  load: string;
  target: Target;
  params: unknown;
}

export type LoadAnswer = { figures: Record<string, number> } | { error: string };

const [, , file] = process.argv;
if (file === undefined || process.send === undefined) throw new Error('started by the bench, with a scenario file');
const { loads } = ((await import(file)) as { default: ScenarioFile }).default;

process.on('message', async ({ load, target, params }: LoadRequest) => {
  let answer: LoadAnswer;
  try {
    const run = loads[load] as Load<unknown> | undefined;
    if (run === undefined) throw new Error(`no load ${load} in ${file}`);
    answer = { figures: await run(target, params) };
  } catch (cause) {
    answer = { error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  }
  process.send?.(answer);
});
process.once('disconnect', () => process.exit(0));
