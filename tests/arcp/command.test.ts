import { describe, expect, it } from 'vitest';
import { arc } from '../cli/arc.js';
import { startInProcess } from '../support/in-process.js';
import { executor } from './client.js';

const lines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; payload: object });

describe('arc arcp send', () => {
  it('prints the answer, in the generation that has the type (27, 93)', async () => {
    await using up = await startInProcess();
    const uri = ['--uri', `${up.hub.url.replace(/^http/, 'ws')}/arcp`];
    const pong = await arc(['arcp', 'send', ...uri, '--type', 'ping', '--payload', '{"nonce":"x"}']);
    expect(pong).toMatchObject({ code: 0, stderr: '' });
    expect(lines(pong.stdout)).toMatchObject([{ type: 'pong', payload: { nonce: 'x' } }]);
    const bad = await arc(['arcp', 'send', ...uri, '--type', 'ping', '--payload', '[']);
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('--payload must be a JSON object') });
    const refused = await arc(['arcp', 'send', ...uri, '--type', 'tool.invoke', '--payload', '{"tool":"nobody"}']);
    expect(refused.code).toBe(1);
    expect(lines(refused.stdout)).toMatchObject([{ type: 'nack', payload: { code: 'NOT_FOUND' } }]);
  });

  it('waits for the end of a job, in both generations', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    const base = ['arcp', 'send', '--base-url', up.hub.url, '--wait', '--type'];
    const one = await arc([...base, 'tool.invoke', '--payload', '{"tool":"bot","arguments":{"result":1}}']);
    expect(lines(one.stdout).map(({ type }) => type)).toEqual([
      'job.accepted',
      'job.started',
      'tool.result',
      'job.completed',
    ]);
    const two = await arc([...base, 'job.submit', '--payload', '{"agent":"bot","input":{"result":1}}']);
    expect(lines(two.stdout).map(({ type }) => type)).toEqual(['job.accepted', 'job.event', 'job.result']);
    expect([one.code, two.code]).toEqual([0, 0]);
  });
});
