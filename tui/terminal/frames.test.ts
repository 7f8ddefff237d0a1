import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FRAME_MS, Frames } from './frames.js';

let cpuMs = 0;
const clock = { now: () => performance.now(), cpuMs: () => cpuMs };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('draws at once, then joins what comes, and at most thirty times a second', () => {
  let drawn = 0;
  const frames = new Frames(() => ++drawn > 0, clock);
  frames.request();
  vi.advanceTimersByTime(0);
  expect(drawn).toBe(1);
  for (let ms = 0; ms < 1_000; ms++) {
    frames.request(ms % 2 === 0);
    vi.advanceTimersByTime(1);
  }
  expect(drawn).toBeGreaterThan(25);
  expect(drawn).toBeLessThanOrEqual(30);
});

it('rests after frames that were costly, unless somebody pressed a key', () => {
  let drawn = 0;
  const frames = new Frames(() => {
    cpuMs += 100;
    return ++drawn > 0;
  }, clock);
  frames.request();
  vi.advanceTimersByTime(0);
  frames.request();
  vi.advanceTimersByTime(200);
  expect(drawn).toBe(1);
  frames.request(true);
  vi.advanceTimersByTime(0);
  expect(drawn).toBe(2);
});

it('asks again when the terminal takes nothing, and stops when told', () => {
  let asked = 0;
  const frames = new Frames(() => ++asked > 2, clock);
  frames.request();
  vi.advanceTimersByTime(1_000 * FRAME_MS);
  expect(asked).toBe(3);
  frames.request();
  frames.stop();
  vi.advanceTimersByTime(1_000);
  frames.request();
  vi.advanceTimersByTime(1_000);
  expect(asked).toBe(3);
});
