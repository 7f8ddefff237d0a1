/**
 * `npm run bench:terminal [-- --seconds 20 --rate 1000 --columns 120 --rows 40]`
 *
 * The dashboard in a real pseudo-terminal while a hub pushes messages to it: how fast it answers keys, how often it draws,
 * what it costs. A run of 60 s or more writes RESULTS.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HubClient } from '../../../client/index.js';
import { startHub } from '../../support/hub-process.js';
import { until } from '../../support/until.js';
import { PtyProgram } from '../../terminal/support/pty.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '1000' },
    columns: { type: 'string', default: '120' },
    rows: { type: 'string', default: '40' },
    total: { type: 'string', default: '100000' },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const columns = Number(values.columns);
const rows = Number(values.rows);
const total = Number(values.total);

const TICK_MS = 10;
const KEY_EVERY_MS = 200;
const AGENTS = 20;
const WORDS = 'the build is red again because of a test that sleeps where it should wait for its condition'.split(' ');

const body = (id: number) =>
  `${id} ${Array.from({ length: 8 + (id % 20) }, (_, i) => WORDS[(id + i * 7) % WORDS.length]).join(' ')}`;

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

/** Seconds of processor time that a process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

// Whoever stops it stops what it started.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
await using hub = await startHub({ args: ['--durability', 'normal'] });
await using publisher = await HubClient.connect(undefined, { baseUrl: hub.url });
using tui = new PtyProgram(['tui', '--base-url', hub.url], { columns, rows, env: { COLORTERM: 'truecolor' } });
await tui.sees('● connected');

let posted = 0;
const failures: unknown[] = [];
const post = () => {
  posted += 1;
  const from_agent = `agent-${posted % AGENTS}`;
  const thread_id = posted % 3 === 0 ? `thread-${posted % 7}` : undefined;
  publisher
    .operation('messages.post', { from_agent, channel: 'general', body: body(posted), ...(thread_id && { thread_id }) })
    .catch((cause: unknown) => failures.push(cause));
};

const latencies: number[] = [];
const memory: number[] = [];
const beginMs = performance.now();
const beginCpu = cpuSeconds(tui.pid);
const begunAt = tui.output.length;
let isTyping = true;

async function typeKeys(): Promise<void> {
  for (let i = 0; isTyping; i++) {
    const letter = String.fromCharCode(97 + (i % 26));
    const sentMs = performance.now();
    tui.write(letter);
    await until(() => tui.lines[rows - 2]?.trimEnd().endsWith(letter), {
      everyMs: 1,
      timeoutMs: 20_000,
      what: 'the letter',
    });
    latencies.push(performance.now() - sentMs);
    if (i % 26 === 25) tui.write('\u0015');
    await sleep(KEY_EVERY_MS);
  }
}

const typing = typeKeys();
let nextSampleMs = beginMs;
while (performance.now() - beginMs < seconds * 1_000) {
  const due = Math.floor(((performance.now() - beginMs) / 1_000) * rate);
  while (posted < due) post();
  if (performance.now() >= nextSampleMs) {
    memory.push(rssMiB(tui.pid));
    nextSampleMs += 1_000;
  }
  await sleep(TICK_MS);
}
isTyping = false;
await typing;
const elapsed = (performance.now() - beginMs) / 1_000;
const cpu = (cpuSeconds(tui.pid) - beginCpu) / elapsed;
const frames = tui.output.slice(begunAt).split('\u001b[?2026h').length - 1;
const bytes = tui.output.length - begunAt;
const lastMs = performance.now();
await tui.sees(`${posted} `);
const caughtUpMs = performance.now() - lastMs;
tui.output = '';

const measured = posted;
while (posted < total) {
  const batch = Math.min(2_000, total - posted);
  for (let i = 0; i < batch; i++) post();
  await until(async () => (await publisher.stats()).messages >= posted, { timeoutMs: 60_000 });
  tui.output = '';
}
await tui.sees(`${posted} `);
await sleep(2_000);
const after = rssMiB(tui.pid);
if (failures.length > 0) throw new AggregateError(failures.slice(0, 3), `${failures.length} posts failed`);

const sorted = latencies.toSorted((a, b) => a - b);
/** Of a third of the run; what is collected now and then makes single samples jump. */
const memoryIn = (third: 1 | 2) => {
  const samples = memory.slice((memory.length * third) / 3, (memory.length * (third + 1)) / 3);
  return `${quantile(
    samples.toSorted((a, b) => a - b),
    0.5,
  ).toFixed(0)}`;
};
const figures: readonly (readonly [string, string, string])[] = [
  ['messages pushed', `${measured} in ${elapsed.toFixed(1)} s (${Math.round(measured / elapsed)}/s)`, `${rate}/s`],
  ['key to screen, p50', `${quantile(sorted, 0.5).toFixed(0)} ms of ${sorted.length} keys`, ''],
  ['key to screen, p95', `${quantile(sorted, 0.95).toFixed(0)} ms`, '≤ 100 ms'],
  ['key to screen, slowest', `${quantile(sorted, 1).toFixed(0)} ms`, ''],
  ['frames', `${(frames / elapsed).toFixed(1)}/s`, '≤ 30/s'],
  ['written to the terminal', `${(bytes / elapsed / 1_024).toFixed(0)} KiB/s`, ''],
  ['processor', `${(cpu * 100).toFixed(0)} % of a core`, '< 100 %'],
  ['memory, second third of the run → last third', `${memoryIn(1)} → ${memoryIn(2)} MiB`, 'flat'],
  [`memory, after ${posted} messages`, `${after.toFixed(0)} MiB`, 'flat'],
  ['newest message on the screen after the last post', `${caughtUpMs.toFixed(0)} ms`, ''],
];
const [load = 0] = loadavg();
const report = `# The dashboard under load

${columns}×${rows}, ${seconds} s; ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load average ${load.toFixed(1)} (hub, load and emulator run beside it).

| what | measured | target |
|---|---|---|
${figures.map((row) => `| ${row.join(' | ')} |`).join('\n')}

\`npm run bench:terminal\` measures it again. A figure that is a fifth off says nothing on a busy machine.
`;
console.log(report);
if (seconds >= 60) writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), report);
tui.write('\u0003');
await tui.ends();
