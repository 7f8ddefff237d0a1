import { expect, it } from 'vitest';
import { until } from '../tests/support/until.js';
import { Intake, type IntakeOptions } from './intake.js';
import type { AgentFolder } from './spool-watch.js';

it('begins what was found first, though the look at it takes longer (arc-v1 §7.3)', async () => {
  const served: string[] = [];
  let show: () => void = () => undefined;
  const shown = new Promise<void>((resolve) => {
    show = resolve;
  });
  const stat = async (name: string) => {
    if (name === 'first') await shown;
    return { mtimeNs: name === 'first' ? 1n : 2n };
  };
  const agent = { name: 'ana', requests: { stat } } as unknown as AgentFolder;
  const intake = new Intake({
    agents: new Map([['ana', agent]]),
    admission: { enter: () => true, leave: () => undefined },
    taking: { isUnclaimable: () => false, take: async (_: unknown, { name }: { name: string }) => ({ name }) },
    underWay: { follow: () => undefined },
    serve: async (held: unknown) => {
      served.push((held as { name: string }).name);
    },
  } as unknown as IntakeOptions);
  intake.open();
  intake.found(agent, ['first']);
  intake.found(agent, ['second']);
  // Long enough for a look at the second that waits for nobody.
  await new Promise((resolve) => setImmediate(resolve));
  show();
  await until(() => served.length === 2);
  expect(served).toEqual(['first', 'second']);
});
