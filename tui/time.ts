/** Times as people read them. Every function takes its clock, so that a frame is a function of its input. */

export const toMs = (ts: string): number => Date.parse(ts);

const two = (n: number) => String(n).padStart(2, '0');

/** `14:05`, local time. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `2026-03-01`, local; equal for two moments of the same day. */
export function dayKey(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `Today`, `Yesterday`, or the weekday with its date. */
export function dayName(ms: number, nowMs: number): string {
  const key = dayKey(ms);
  const name = `${DAYS[new Date(ms).getDay()]} ${key}`;
  if (key === dayKey(nowMs)) return `Today, ${name}`;
  return key === dayKey(nowMs - 86_400_000) ? `Yesterday, ${name}` : name;
}

/** `12s`, `3m`, `2h`, `5d`; never negative. */
export function duration(ms: number): string {
  const sec = Math.max(0, Math.round(ms / 1_000));
  if (sec < 100) return `${sec}s`;
  const min = Math.round(sec / 60);
  if (min < 100) return `${min}m`;
  const hours = Math.round(min / 60);
  return hours < 48 ? `${hours}h` : `${Math.round(hours / 24)}d`;
}

/** `1:05`, for countdowns. */
export function countdown(ms: number): string {
  const sec = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(sec / 60)}:${two(sec % 60)}`;
}
