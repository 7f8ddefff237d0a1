/** Ids that sort by when they were made: 26 characters of Crockford's base 32, ascending within a process. */
import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
let lastMs = 0;
let lastRandom = 0n;

export function ulid(nowMs: number): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // The top bit stays free, so that counting on within a millisecond never overflows.
    lastRandom = BigInt(`0x${randomBytes(10).toString('hex')}`) >> 1n;
  } else lastRandom += 1n;
  let value = (BigInt(lastMs) << 80n) | lastRandom;
  let text = '';
  for (let at = 0; at < 26; at++) {
    text = DIGITS[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}
