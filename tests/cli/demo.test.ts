import { describe, expect, it } from 'vitest';
import { arc, newFolder } from './arc.js';

describe('demo', () => {
  it('lets two agents meet, says how to go on, and leaves the hub running', async () => {
    await using folder = await newFolder();
    const { code, stdout, stderr } = await folder.arc(['demo', '--storage', folder.storage]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const step of [
      /^ana {2}connects over WebSocket$/m,
      /^ben {2}signs in over plain HTTP and long-polls$/m,
      /^ana {2}has it pushed to her, \d+ ms after/m,
      /^ben {2}claims "README.md": denied, ana holds it$/m,
      /^ben {2}claims "README.md" again: acquired$/m,
      /^hub {2}task \d+ is done$/m,
      /^ben {2}answers the call: Seven\.$/m,
      /^ana {2}answers the call: Your own agents\.$/m,
    ]) {
      expect(stdout).toMatch(step);
    }
    const url = /listens on (\S+),/.exec(stdout)?.[1] ?? '';
    const answer = await fetch(`${url}/v1/messages?channel=workshop`);
    expect(await answer.json()).toMatchObject({ ok: true, result: [{ from_agent: 'ana' }, { from_agent: 'ben' }] });
    const stop = /^ {2}(?:npx )?arc (stop --storage \S+)$/m.exec(stdout)?.[1]?.split(' ') ?? [];
    expect(await arc(stop)).toMatchObject({ code: 0 });
  });

  it('tells the same as JSON, one object a line', async () => {
    await using folder = await newFolder();
    const { stdout } = await folder.arc(['demo', '--storage', folder.storage, '--json']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ who: 'ana', facts: { agent_id: 'ana' } });
    expect(lines.at(-1)).toMatchObject({ running: true, storage_path: folder.storage });
  });

  it('on a port in use says so, exit 1', async () => {
    await using folder = await newFolder();
    const { createServer } = await import('node:net');
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const address = busy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, stdout } = await folder.arc(['demo', '--port', String(port), '--storage', folder.storage]);
    busy.close();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^arc error: child exited rc=1 \(.* is in use\)\n$/);
  });
});
