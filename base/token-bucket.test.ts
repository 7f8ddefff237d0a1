import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

const RATE = { perMs: 2, burst: 10 };

describe('a token bucket', () => {
  it('gives its burst at once, and then what has come in', () => {
    const bucket = new TokenBucket(RATE, 1_000);
    for (let i = 0; i < 10; i++) {
      expect(bucket.waitMs(1, 1_000)).toBe(0);
      bucket.take(1);
    }
    expect(bucket.waitMs(1, 1_000)).toBe(0.5);
    expect(bucket.waitMs(4, 1_000)).toBe(2);
    expect(bucket.waitMs(4, 1_001)).toBe(1);
    expect(bucket.waitMs(4, 1_002)).toBe(0);
  });

  it('takes nothing where it says to wait', () => {
    const bucket = new TokenBucket(RATE, 0);
    bucket.take(8);
    for (let i = 0; i < 100; i++) expect(bucket.waitMs(3, 0)).toBe(0.5);
    expect(bucket.waitMs(2, 0)).toBe(0);
  });

  it('holds no more than its burst, however long it rests', () => {
    const bucket = new TokenBucket(RATE, 0);
    expect(bucket.isFull(1e9)).toBe(true);
    bucket.take(10);
    expect(bucket.isFull(1e9 + 4)).toBe(false);
    expect(bucket.isFull(1e9 + 5)).toBe(true);
  });

  it('lets pass what is larger than it, once it is full, and has it paid for', () => {
    const bucket = new TokenBucket(RATE, 0);
    expect(bucket.waitMs(100, 0)).toBe(0);
    bucket.take(100);
    expect(bucket.waitMs(1, 0)).toBe(45.5);
  });

  it('never gives more than the burst and what came in since', () => {
    const step = fc.record({ restMs: fc.nat({ max: 20 }), amount: fc.integer({ min: 1, max: 10 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const bucket = new TokenBucket(RATE, 0);
        let nowMs = 0;
        let taken = 0;
        for (const { restMs, amount } of steps) {
          nowMs += restMs;
          if (bucket.waitMs(amount, nowMs) > 0) continue;
          bucket.take(amount);
          taken += amount;
        }
        expect(taken).toBeLessThanOrEqual(RATE.burst + nowMs * RATE.perMs);
      }),
    );
  });
});
