/** What `arc status` gathers, and how it looks. */

import { printable } from '../base/terminal-text.js';
import { type HubClient, HubError, type HubInfo, type Session, type Stats } from '../client/index.js';
import type { PendingShutdown } from '../protocol/entities.js';

export interface HubStatus {
  running: true;
  url: string;
  hub: HubInfo;
  /** Null for a hub of another make, which keeps no such counters. */
  stats: Stats | null;
  agents: Session[];
  shutdown: PendingShutdown | null;
}

export interface NoHub {
  running: false;
  url: string;
  error: string;
}

export const notRunning = (url: string): NoHub => ({ running: false, url, error: 'no running hub found' });

/**
 * Undefined when no hub answers through the client.
 * @throws {HubError} `unauthorized`: one does, and refuses
 */
export async function statusOf(url: string, client: HubClient): Promise<HubStatus | undefined> {
  try {
    const hub = await client.hubInfo();
    const stats = await client.stats().catch(() => null);
    return { running: true, url, hub, stats, agents: await client.agents(), shutdown: await client.getShutdown() };
  } catch (cause) {
    if (cause instanceof HubError && cause.code !== 'unauthorized') return undefined;
    throw cause;
  } finally {
    await client.close();
  }
}

export function statusView(status: HubStatus | NoHub): string {
  if (!status.running) return `No hub answers at ${status.url}. Start one with: arc ensure`;
  const { hub, stats, agents, shutdown } = status;
  const lines: [string, string][] = [
    ...(hub.store_problem ? [['STORE', `LOST, nothing can be written: ${hub.store_problem}`] as [string, string]] : []),
    ['hub', `${hub.implementation} ${hub.implementation_version} at ${status.url}`],
    ['storage', `${hub.storage_path} (${hub.instance_id}${hub.durability ? `, durability ${hub.durability}` : ''})`],
  ];
  if (hub.auth !== undefined) lines.push(['callers', CALLERS[hub.auth.mode][Number(hub.auth.insecure)] ?? '']);
  if (stats !== null) {
    const { commits } = stats;
    lines.push(
      ['up', duration(stats.uptime_sec)],
      ['messages', `${stats.messages}, ${rate(stats.posts_per_sec)} posts/s, ${rate(stats.pushes_per_sec)} pushes/s`],
      ['open', `${stats.connections} connections, ${stats.waiters} waiting, ${stats.subscriptions} subscriptions`],
      ['commits', `${commits.count}, ${commits.p50_ms.toFixed(1)} ms (p50), ${commits.p99_ms.toFixed(1)} ms (p99)`],
      ...limitedLine(stats),
      ['store', `${megabytes(stats.store_bytes)}, write-ahead log ${megabytes(stats.wal_bytes)}`],
    );
  }
  lines.push(['agents', agents.length === 0 ? 'none live' : agents.map(({ agent_id }) => agent_id).join(', ')]);
  if (shutdown !== null) lines.push(['shutdown', `in ${shutdown.remaining_sec} s`]);
  return lines.map(([name, text]) => `${name.padEnd(10)}${printable(text)}`).join('\n');
}

/** Who may speak, by mode; the second where others can reach an open hub. */
const CALLERS = {
  open: ['anybody on this machine; names that have a token only with it', 'ANYBODY WHO REACHES IT, without a token'],
  required: ['whoever shows a token'],
} as const;

/** Only where there was something to refuse; a hub of an older version does not count it. */
function limitedLine({ limited }: Stats): [string, string][] {
  const met = Object.entries(limited ?? {}).filter(([, count]) => count > 0);
  return met.length === 0 ? [] : [['refused', met.map(([what, count]) => `${count} ${what}`).join(', ')]];
}

const rate = (perSec: number) => perSec.toFixed(perSec < 10 ? 1 : 0);
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;

function duration(sec: number): string {
  const [days, hours, minutes] = [Math.floor(sec / 86_400), Math.floor(sec / 3_600) % 24, Math.floor(sec / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : minutes > 0 ? `${minutes} min` : `${Math.floor(sec)} s`;
}
