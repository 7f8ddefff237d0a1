/** `arc log …`: what was asked, and what cron did. */
import type { Command } from 'commander';
import { backgroundClock, systemClock } from '../../base/clock.js';
import { printable } from '../../base/terminal-text.js';
import { followLines } from '../../dispatch/logs/follow.js';
import { CronRecord, lastRecords, parsed, RoutingRecord } from '../../dispatch/logs/json-lines.js';
import { write, writeJson } from '../output.js';
import { homeOf, wantsJson, wordsFor, writeForeign } from './command.js';

export const LOG_ACTIONS = ['routing', 'cron', 'tail'] as const;

interface LogFlags {
  last?: number;
  agent?: string;
  job?: string;
}

export async function log(command: Command): Promise<number> {
  const home = await homeOf(command);
  const action = command.args[0] as (typeof LOG_ACTIONS)[number];
  wordsFor(command, action, []);
  const { last, agent, job } = command.opts<LogFlags>();
  if (action === 'tail') {
    await tail([home.routingLog, ...(agent === undefined ? [home.cronLog] : [])], agent);
    return 0;
  }
  if (action === 'routing') {
    const wanted = (record: RoutingRecord) => agent === undefined || record.agent === agent;
    const records = lastRecords(home.routingLog, RoutingRecord, last ?? 20, wanted);
    return list(command, records, routingLine, 'No routing log entries.');
  }
  const records = lastRecords(home.cronLog, CronRecord, last ?? 10, (each) => job === undefined || each.job === job);
  return list(command, records, cronLine, 'No cron log entries.');
}

function list<T>(command: Command, records: readonly T[], line: (record: T) => string, empty: string): number {
  if (wantsJson(command)) writeJson(records);
  else write(records.length === 0 ? empty : records.map((record) => printable(line(record))).join('\n'));
  return 0;
}

function routingLine({ timestamp, agent, model, source, prompt_preview }: RoutingRecord): string {
  const columns = [agent.padEnd(12), model.padEnd(28), source.padEnd(8), prompt_preview.slice(0, 60)];
  return `${timestamp.slice(0, 19)}  ${columns.join(' ')}`;
}

export function cronLine({ timestamp, job, status, output_preview }: CronRecord): string {
  return `${timestamp.slice(0, 19).replace('T', ' ')}  ${job.padEnd(20)} [${status}]  ${output_preview.slice(0, 80)}`;
}

/** The lines as they are, until Ctrl+C. */
async function tail(paths: readonly string[], agent: string | undefined): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  const show = (line: string) => {
    if (agent === undefined || parsed(line, RoutingRecord)?.agent === agent) writeForeign(line);
  };
  // One of them keeps the program alive, and one is enough.
  await Promise.all(
    paths.map((path, i) => followLines(path, show, i === 0 ? systemClock : backgroundClock, stop.signal)),
  );
}
