/** Every example in the documents runs to its end against a real hub. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubProcess, startHub } from '../support/hub-process.js';

const FOLDER = fileURLToPath(new URL('../../docs/examples', import.meta.url));
const names = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const EXPECTED: Record<string, RegExp> = {
  'two-agents': /^ben: Ben, at your service\.$/m,
  'draft-and-critique': /critic: Say how to migrate\.\ncritic: good\ntask \d+ is done/,
  'request-result': /reviewer: review parser\.ts: fine.*\ncompleted task \d+/,
  'hand-off': /thread is waiting; Done: numbers, strings\. Open: comments\. See src\/lexer\.ts\nthread is completed/,
  'parallel-coding': /6 tasks, done once each, and 6 edits/,
  'broadcast-question': /^historian: It was renamed in 1\.1\.$/m,
  'human-in-the-loop': /^deploying$/m,
  'sandboxed-agent': /live: .*boxed.*\noutside: Can you see me\? Yes\./,
  'mcp-quick-start': /tools: arc_post_message.*\ninbox: .*\nagents: \d+\nposted: \d+/,
};

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

it('has an expectation for each, and a README with prompts', () => {
  expect(Object.keys(EXPECTED).sort()).toEqual([...names].sort());
  const index = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const name of names) {
    expect(existsSync(join(FOLDER, name, 'README.md')), name).toBe(true);
    expect(index).toContain(`${name}/README.md`);
  }
});

describe.each(names)('%s', (name) => {
  it('runs', async () => {
    const words = [join(FOLDER, name, 'run.mjs'), ...(name === 'human-in-the-loop' ? ['--simulate'] : [])];
    const env = { ...process.env, ARC_BASE_URL: hub.url, ARC_RELAY: join(hub.folder, 'spool') };
    const { stdout } = await promisify(execFile)(process.execPath, words, { env, timeout: 60_000 });
    expect(stdout).toMatch(EXPECTED[name] ?? /^$/);
  }, 60_000);
});
