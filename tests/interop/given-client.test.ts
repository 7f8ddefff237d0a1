/**
 * Clients made for other Arc v1 hubs, unmodified. `ARC_PYTHON_CLIENT` names one: the path of a Python file or package that
 * defines `ArcClient`. The client in this folder is walked too, so that the walk itself stays right.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TOKEN_FILE } from '../../protocol/index.js';
import { startHub } from '../support/hub-process.js';
import { NO_PYTHON, PYTHON, runPython } from '../support/python.js';

const WALK = fileURLToPath(new URL('client_walk.py', import.meta.url));
const OWN = fileURLToPath(new URL('arc_stranger_relay.py', import.meta.url));
const GIVEN = process.env.ARC_PYTHON_CLIENT;

interface Step {
  step: string;
  ok: boolean;
  error?: string;
}

/** @param auth at a hub that asks for a token, the client is as it is, and a header is added to what it sends */
async function walk(module: string, auth: 'open' | 'required' = 'open'): Promise<Step[]> {
  await using hub = await startHub({ args: ['--auth', auth] });
  const token = auth === 'open' ? [] : [readFileSync(join(hub.folder, TOKEN_FILE), 'utf8').trim()];
  const { stdout, stderr } = await runPython([WALK, module, hub.url, join(hub.folder, 'spool'), ...token]);
  const steps = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Step);
  const failed = steps.filter(({ ok }) => !ok);
  // A folder of the relay is one agent there, and that ends no task which is none of its business.
  const wanted = auth === 'open' ? [] : [{ step: 'relay: tasks', error: expect.stringContaining('not addressed to') }];
  expect(failed, stderr).toEqual(wanted.map((each) => expect.objectContaining(each)));
  expect(steps.length, stderr).toBeGreaterThanOrEqual(10);
  return steps;
}

describe.skipIf(PYTHON === undefined)(`a Python client${PYTHON === undefined ? ` (${NO_PYTHON})` : ''}`, () => {
  it('of our own walks every method, over HTTP and relay', async () => {
    const steps = await walk(OWN);
    expect(steps.some(({ step }) => step.startsWith('relay:'))).toBe(true);
  }, 60_000);

  it('of our own walks every method at a hub that asks for a token, with a header added', async () => {
    await walk(OWN, 'required');
  }, 60_000);

  const missing = GIVEN === undefined ? ' (skipped: ARC_PYTHON_CLIENT names none)' : '';
  it.skipIf(GIVEN === undefined)(
    `that was given walks every method, over HTTP and relay${missing}`,
    async () => {
      const steps = await walk(GIVEN ?? '');
      expect(steps.some(({ step }) => step.startsWith('relay:'))).toBe(true);
    },
    120_000,
  );
});
