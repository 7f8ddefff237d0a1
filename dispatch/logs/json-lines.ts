/** Logs of one JSON object a line: appended in one write each, set aside when they are large, read past what is torn. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { masked } from './mask.js';

const { O_APPEND, O_CREAT, O_WRONLY } = constants;
/** As much of the end of a log as anybody asks for. */
const TAIL_BYTES = 4 * 1024 * 1024;

export interface LogSize {
  readonly max_mb: number;
  /** Logs set aside: `FILE.1` is the newest. */
  readonly keep: number;
}

/** Texts are masked; the object must hold nothing deeper than texts and numbers. */
export function appendLine(path: string, record: object, size: LogSize): void {
  const plain = Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, typeof value === 'string' ? masked(value) : value]);
  const line = Buffer.from(`${JSON.stringify(Object.fromEntries(plain))}\n`);
  rotate(path, line.length, size);
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT, 0o600);
  try {
    writeSync(file, line);
  } finally {
    closeSync(file);
  }
}

function rotate(path: string, more: number, { max_mb, keep }: LogSize): void {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0 || bytes + more <= max_mb * 1_048_576) return;
  rmSync(`${path}.${keep}`, { force: true });
  for (let i = keep - 1; i >= 0; i--) {
    const from = i === 0 ? path : `${path}.${i}`;
    if (existsSync(from)) renameSync(from, `${path}.${i + 1}`);
  }
}

export const RoutingRecord = z.looseObject({
  timestamp: z.string(),
  agent: z.string(),
  model: z.string(),
  dispatch_type: z.string(),
  source: z.string(),
  one_shot: z.boolean(),
  prompt_preview: z.string(),
  status: z.enum(['ok', 'error']).optional(),
  error: z.string().optional(),
  duration_ms: z.number().optional(),
  request_id: z.string().optional(),
  session: z.string().optional(),
  tokens_in: z.number().optional(),
  tokens_out: z.number().optional(),
  bytes_out: z.number().optional(),
});
export type RoutingRecord = z.output<typeof RoutingRecord>;

export const CronRecord = z.looseObject({
  timestamp: z.string(),
  job: z.string(),
  status: z.enum(['ok', 'error', 'skipped', 'missed']),
  output_preview: z.string(),
  scheduled_for: z.string().optional(),
  duration_ms: z.number().optional(),
  trigger: z.enum(['schedule', 'manual', 'catch_up']).optional(),
  notified: z.boolean().optional(),
});
export type CronRecord = z.output<typeof CronRecord>;

/** The last `count` records that `keep` wants, oldest first. Lines that are no such record are passed over. */
export function lastRecords<T>(
  path: string,
  schema: z.ZodType<T>,
  count: number,
  keep: (record: T) => boolean = () => true,
): T[] {
  const records = tailText(path)
    .split('\n')
    .flatMap((line) => parsed(line, schema) ?? [])
    .filter(keep);
  return count <= 0 ? [] : records.slice(-count);
}

export function parsed<T>(line: string, schema: z.ZodType<T>): T | undefined {
  if (line.trim() === '') return undefined;
  try {
    const result = schema.safeParse(JSON.parse(line));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

function tailText(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    if (size <= TAIL_BYTES) return readFileSync(file, 'utf8');
    const buffer = Buffer.alloc(TAIL_BYTES);
    const bytes = readSync(file, buffer, 0, TAIL_BYTES, size - TAIL_BYTES);
    return buffer.toString('utf8', 0, bytes);
  } finally {
    closeSync(file);
  }
}
