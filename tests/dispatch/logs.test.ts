import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { followLines } from '../../dispatch/logs/follow.js';
import { appendLine, CronRecord, lastRecords, RoutingRecord } from '../../dispatch/logs/json-lines.js';
import { masked } from '../../dispatch/logs/mask.js';
import { FakeClock } from '../support/fake-clock.js';
import { TestHome } from './support/home.js';

const SIZE = { max_mb: 1, keep: 2 };
const record = (job: string, output_preview = '') => ({ timestamp: 't', job, status: 'ok', output_preview });

describe('logs (dispatch §10)', () => {
  it('are closed to others, masked, and read past what is torn or malformed', () => {
    using home = new TestHome();
    home.config();
    const path = home.home.cronLog;
    appendLine(path, { ...record('a', 'key sk-abcdefghijklmnopqrstuv'), notified: undefined }, SIZE);
    appendFileSync(path, 'not json\n{"timestamp":1}\n');
    appendLine(path, record('b'), SIZE);
    appendFileSync(path, '{"timestamp":"t","jo');
    expect(home.mode(path)).toBe('600');
    expect(lastRecords(path, CronRecord, 10).map(({ job }) => job)).toEqual(['a', 'b']);
    expect(lastRecords(path, CronRecord, 1).map(({ job }) => job)).toEqual(['b']);
    expect(lastRecords(path, CronRecord, 10, ({ job }) => job === 'a')).toMatchObject([{ output_preview: 'key ***' }]);
    expect(lastRecords(path, CronRecord, 0)).toEqual([]);
    expect(lastRecords(home.home.routingLog, RoutingRecord, 5)).toEqual([]);
  });

  it('are set aside when they are large, the oldest dropped', () => {
    using home = new TestHome();
    home.config();
    const path = home.home.routingLog;
    for (let i = 0; i < 8; i++) appendLine(path, { i, text: 'x'.repeat(600_000) }, SIZE);
    expect([path, `${path}.1`, `${path}.2`, `${path}.3`].map((each) => existsSync(each))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(JSON.parse(home.read(path).trim()).i).toBe(7);
    expect(JSON.parse(home.read(`${path}.1`).trim()).i).toBe(6);
  });

  it('are followed across rotation, whole lines only', async () => {
    using home = new TestHome();
    home.config();
    const path = home.home.cronLog;
    writeFileSync(path, 'old\n');
    const [lines, clock, stop] = [[] as string[], new FakeClock(), new AbortController()];
    const done = followLines(path, (line) => lines.push(line), clock, stop.signal);
    appendFileSync(path, 'one\ntw');
    await clock.advance(200);
    expect(lines).toEqual(['one']);
    appendFileSync(path, 'o\n');
    await clock.advance(200);
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'three\n');
    await clock.advance(200);
    expect(lines).toEqual(['one', 'two', 'three']);
    stop.abort();
    await done;
  });
});

describe('masking', () => {
  it.each([
    `sk-${'a'.repeat(20)}`,
    'ghp_abcdefghijklmnopqrstuvwxyz012345',
    'xoxb-123456789012-abcdef',
    'Authorization: Bearer abcdefghijklmnop',
    '"password": "hunter2hunter2"',
    `${'M'.repeat(24)}.GabcDE.${'x'.repeat(30)}`,
  ])('hides %s', (text) => {
    expect(masked(`before ${text} after`)).toMatch(/^before .*\*\*\*"? after$/);
  });

  it('leaves plain words alone', () => {
    const text = 'the token is short; see https://example.org/a/b?c=d and 2026-01-02T03:04:05Z';
    expect(masked(text)).toBe(text);
  });
});
