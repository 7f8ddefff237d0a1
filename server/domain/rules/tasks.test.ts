import { describe, expect, it } from 'vitest';
import { DomainHub } from '../../../tests/support/domain-hub.js';
import { rollsUp } from './tasks.js';

const task = (domain: DomainHub, parent_task_id: number | null = null, kind = 'task') =>
  domain.post({ kind, parent_task_id });
const complete = async (domain: DomainHub, task_id: number) =>
  (await domain.hub.write('completeTask', { task_id })).outcome;

describe('the roll-up (arc-v1 §5.4)', () => {
  it('asks for an open parent without open children', () => {
    const parent = { status: 'open' } as Parameters<typeof rollsUp>[0];
    expect(rollsUp(parent, 0)).toBe(true);
    expect(rollsUp(parent, 1)).toBe(false);
    expect(rollsUp({ ...parent, status: 'done' } as typeof parent, 0)).toBe(false);
    expect(rollsUp(undefined, 0)).toBe(false);
  });

  it('happens once, however the children are completed together', async () => {
    await using domain = new DomainHub();
    const parent = await task(domain);
    const children = [await task(domain, parent.id), await task(domain, parent.id, 'task_request')] as const;
    const outcomes = await Promise.all([
      complete(domain, children[0].id),
      domain.post({ kind: 'task_result', reply_to: children[1].id, from_agent: 'ben' }),
      complete(domain, children[0].id),
      complete(domain, children[1].id),
    ]);
    expect(outcomes[1].metadata_json).toBe(`{"task_completed":${children[1].id}}`);
    expect(await domain.notices()).toEqual([`All 2 subtasks of task ${parent.id} are complete.`]);
    expect(await domain.store.tasks({ status: 'open' })).toEqual([]);
    expect(domain.changes.filter((change) => change === 'task done')).toHaveLength(3);
  });

  it('tells of messages and tasks of one commit in one batch, ascending', async () => {
    await using domain = new DomainHub();
    const batches: number[][] = [];
    domain.hub.feed.listen(({ messages }) => messages.length > 0 && batches.push(messages.map(({ row }) => row.id)));
    await Promise.all(Array.from({ length: 5 }, () => task(domain)));
    expect(batches).toEqual([[1, 2, 3, 4, 5]]);
  });

  it('keeps completed_at of the first completion', async () => {
    await using domain = new DomainHub();
    const { id } = await task(domain);
    const { task: done } = await complete(domain, id);
    await domain.clock.advance(10_000);
    expect((await complete(domain, id)).task).toEqual(done);
  });
});
