/** The value below which `share` (0 to 1) of the samples lie; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  const sorted = Float64Array.from(samples).sort();
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The median of each named figure over several runs. */
export function medians(runs: readonly Record<string, number>[]): Record<string, number> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name] ?? Number.NaN))]));
}

/** p50, p99 and the largest of latencies in milliseconds. */
export function latencies(samples: readonly number[]): { p50_ms: number; p99_ms: number; max_ms: number } {
  return { p50_ms: percentile(samples, 0.5), p99_ms: percentile(samples, 0.99), max_ms: percentile(samples, 1) };
}
