import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../tests/support/until.js';
import { SpoolDoor } from './spool-door.js';

describe("the client's end of a spool", () => {
  it('waits for its answer although somebody has put a FIFO in its place', async () => {
    const spool = await mkdtemp(join(tmpdir(), 'arc-door-'));
    const door = new SpoolDoor(spool, 'ana');
    try {
      const request = { method: 'GET', path: '/v1/channels', headers: {}, body: undefined };
      const answer = door.exchange(request, new AbortController().signal);
      const names = async () => (await readdir(join(spool, 'requests/ana'))).filter((name) => !name.startsWith('.'));
      const name = await until(async () => (await names())[0]);
      const place = join(spool, 'responses/ana', name);
      execFileSync('mkfifo', [place]);
      await writeFile(join(spool, 'aside'), '{"status": 200, "body": {"ok": true, "result": []}}');
      await rename(join(spool, 'aside'), place);
      expect(await answer).toMatchObject({ status: 200, text: '{"ok": true, "result": []}' });
    } finally {
      door.close();
      await rm(spool, { recursive: true, force: true });
    }
  });
});
