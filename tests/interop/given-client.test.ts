/**
 * Clients made for other Arc v1 hubs, unmodified. `ARC_PYTHON_CLIENT` names one: the path of a Python file or package that
 * defines `ArcClient`. The client in this folder is walked too, so that the walk itself stays right.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
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

async function walk(module: string): Promise<Step[]> {
  await using hub = await startHub();
  const { stdout, stderr } = await runPython([WALK, module, hub.url, join(hub.folder, 'spool')]);
  const steps = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Step);
  expect(
    steps.filter(({ ok }) => !ok),
    stderr,
  ).toEqual([]);
  expect(steps.length, stderr).toBeGreaterThanOrEqual(10);
  return steps;
}

describe.skipIf(PYTHON === undefined)(`a Python client${PYTHON === undefined ? ` (${NO_PYTHON})` : ''}`, () => {
  it('of our own walks every method, over HTTP and relay', async () => {
    const steps = await walk(OWN);
    expect(steps.some(({ step }) => step.startsWith('relay:'))).toBe(true);
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
