/**
 * `npm run bench [-- name …] [--quick] [--patient] [--list] [--hub path/to/main.js] [--profile folder]`
 *
 * Measures the hub against baselines on this machine and prints a table. A whole run also writes it to RESULTS.md; one
 * that is partial or quick does not, so that the file never mixes runs. `--profile` starts the hub with `--cpu-prof`;
 * `--patient` waits for a busy machine to come to rest before each round, for minutes if need be.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench, type BenchOptions } from './harness/bench.js';
import { type ReportLine, toMarkdown, toPlain, toTable } from './harness/report.js';
import type { Measured, Scenario, ScenarioFile } from './harness/scenario.js';
import { median } from './harness/stats.js';

const FILES = [
  'post-websocket',
  'post-http',
  'latency',
  'fan-out',
  'bystanders',
  'rpc-call',
  'idle',
  'claims',
  'threads',
  'tls',
  'tokens',
  'search',
  'replay',
  'relay',
];

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    patient: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    hub: { type: 'string', default: fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)) },
    profile: { type: 'string' },
  },
});

/** The median time that one durable 4 KiB write takes where the databases of the bench lie. */
function measureSync(): number {
  const folder = mkdtempSync(join(tmpdir(), 'arc-bench-'));
  const file = openSync(join(folder, 'sync'), 'w');
  const block = Buffer.alloc(4096);
  const samples = Array.from({ length: 300 }, (_, index) => {
    writeSync(file, block, 0, block.length, index * block.length);
    const begun = performance.now();
    fdatasyncSync(file);
    return performance.now() - begun;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return median(samples);
}

/** A scenario that fails has its row and its reason; the others go on. */
async function measure(scenario: Scenario, file: string, options: BenchOptions): Promise<ReportLine[]> {
  console.error(scenario.name);
  let measured: Measured | { failed: string };
  try {
    measured = await scenario.measure(new Bench(file, options));
  } catch (cause) {
    console.error(cause);
    measured = { failed: 'failed' };
  }
  return scenario.rows.map((row) => ({ row, measured }));
}

const nodeFlags = flags.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(flags.profile)}`];
const options: BenchOptions = {
  hub: { main: resolve(flags.hub), nodeFlags },
  quick: flags.quick,
  patienceMs: flags.patient ? 300_000 : 2_000,
  log: (line) => console.error(line),
};
const sync_ms = measureSync();
const [load_average = 0] = loadavg();
const lines: ReportLine[] = [];
for (const file of FILES) {
  const address = new URL(`./scenarios/${file}.ts`, import.meta.url).href;
  const { scenarios } = ((await import(address)) as { default: ScenarioFile }).default;
  for (const scenario of scenarios) {
    if (names.length > 0 && !names.some((name) => scenario.name.startsWith(name))) continue;
    if (flags.list) console.log(scenario.name);
    else lines.push(...(await measure(scenario, address, options)));
  }
}
if (!flags.list) {
  const table = toTable(lines, sync_ms);
  console.log(toPlain(table));
  if (names.length === 0 && !flags.quick) {
    const [cpu] = cpus();
    const date = new Date().toISOString().slice(0, 10);
    const surroundings = {
      date,
      cpu: `${cpu?.model}, ${cpus().length} cores`,
      node: process.version,
      sync_ms,
      load_average,
    };
    writeFileSync(new URL('./RESULTS.md', import.meta.url), toMarkdown(table, surroundings));
  }
}
