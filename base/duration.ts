const UNIT_SEC: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Such as `90`, `90s`, `15m`, `12h`, `7d`: seconds; undefined where it is no such time. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNIT_SEC[unit] ?? 1);
}
