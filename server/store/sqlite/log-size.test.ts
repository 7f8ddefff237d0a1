import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { tempFolder } from '../../../tests/support/domain-hub.js';
import { until } from '../../../tests/support/until.js';
import { LogSize, USUAL_BYTES } from './log-size.js';

it('a thread that fails is begun again after a pause, and not with every group', async () => {
  const causes: unknown[] = [];
  const pragma = vi.fn(() => []);
  using folder = tempFolder();
  const path = join(folder.path, 'no-database');
  writeFileSync(path, 'the thread cannot open this');
  const size = new LogSize({ pragma } as unknown as Database, path, (cause) => causes.push(cause));
  const large = USUAL_BYTES * 2;
  size.tend(large, 0);
  expect(size.isBusy).toBe(true);
  await until(() => causes.length === 1);
  expect(size.isBusy).toBe(false);
  // SQLite looks after the log meanwhile.
  expect(pragma).toHaveBeenCalledWith(expect.stringMatching(/^wal_autocheckpoint = [1-9]/));
  for (const ms of [1, 5_000, 9_999]) {
    size.tend(large, ms);
    expect(size.isBusy).toBe(false);
  }
  size.tend(large, 10_001);
  expect(size.isBusy).toBe(true);
  await until(() => causes.length === 2);
  size.close();
  size.release();
});
