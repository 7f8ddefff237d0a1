import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startHub } from '../support/hub-process.js';
import { NO_PYTHON, PYTHON, runPython } from '../support/python.js';

const WALK = fileURLToPath(new URL('walk.py', import.meta.url));

interface Step {
  step: string;
  ok: boolean;
  error?: string;
  lines?: number[];
}

describe("a stranger's client (arc-v1 §9)", () => {
  it.skipIf(PYTHON === undefined)(
    `walks every method, in Python from the contract${PYTHON === undefined ? ` (${NO_PYTHON})` : ''}`,
    async () => {
      await using hub = await startHub();
      const { code, stdout, stderr } = await runPython([WALK, hub.url]);
      const steps = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Step);
      expect(
        steps.filter((step) => !step.ok),
        stderr,
      ).toEqual([]);
      expect(steps.length).toBeGreaterThan(30);
      expect(code).toBe(0);
    },
    120_000,
  );
});
